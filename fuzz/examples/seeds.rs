//! Writes the seeds of all targets: `seeds CORPUS [FOLDER…]`, with what is found in other folders beside our own.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let mut folders = std::env::args_os().skip(1);
    let corpus = folders.next().expect("usage: seeds CORPUS [FOLDER…]");
    let mut seeds = fuzz::seeds::Seeds::own();
    for folder in folders {
        seeds.add_folder(Path::new(&folder))?;
    }
    for (target, count) in seeds.write(Path::new(&corpus))? {
        println!("{count:6} seeds for {target}");
    }
    Ok(())
}
