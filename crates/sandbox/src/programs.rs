//! Programs that the sandbox starts, and stops together however it ends.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::failure::Failure;

/// How long a program may take to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of a log that are shown when its program fails.
const TAIL_BYTES: usize = 2000;

/// The programs that run. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Programs(Arc<Mutex<Running>>);

#[derive(Default)]
struct Running {
    children: Vec<(String, Child)>,
    /// Nothing is started any more.
    over: bool,
}

impl Programs {
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a program that runs until it is told to stop; the first line that it prints, which is its address.
    pub(crate) fn start(&self, command: &mut Command, log: &Path) -> Result<String, Failure> {
        let program = words(command);
        let failed = |told: String| Failure::Program {
            program: program.clone(),
            told,
        };
        let errors = File::create(log).map_err(Failure::file(log))?;
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let output = {
            let mut running = self.lock();
            if running.over {
                return Err(failed("已中断 / interrupted".into()));
            }
            // In a group of its own: Ctrl-C at the terminal reaches this program only, which then stops them in order.
            let mut child = command
                .process_group(0)
                .spawn()
                .map_err(|error| failed(error.to_string()))?;
            let output = child.stdout.take();
            running.children.push((program.clone(), child));
            output
        };
        let mut line = String::new();
        if let Some(output) = output {
            let read = BufReader::new(output).read_line(&mut line);
            read.map_err(|error| failed(error.to_string()))?;
        }
        match line.trim_end() {
            "" => Err(failed(tail(log))),
            address => Ok(address.to_owned()),
        }
    }

    /// The programs that ended by themselves.
    pub(crate) fn ended(&self) -> Option<Failure> {
        let mut running = self.lock();
        let ended = |child: &mut Child| child.try_wait().ok().flatten();
        running.children.iter_mut().find_map(|(program, child)| {
            ended(child).map(|status| Failure::Program {
                program: program.clone(),
                told: status.to_string(),
            })
        })
    }

    /// Stops all of them, the last first, and waits; whoever does not end is killed. Whether this call did so: the
    /// first one does.
    pub(crate) fn stop(&self) -> bool {
        let mut running = self.lock();
        if std::mem::replace(&mut running.over, true) {
            return false;
        }
        let mut children = std::mem::take(&mut running.children);
        children.reverse();
        for (_, child) in &mut children {
            if let Ok(None) = child.try_wait() {
                // Gone in this very moment: then there is nothing to stop.
                let _ = kill_process(Pid::from_child(child), Signal::TERM);
            }
        }
        let end = Instant::now() + PATIENCE;
        for (_, child) in &mut children {
            while let (Ok(None), true) = (child.try_wait(), Instant::now() < end) {
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        true
    }
}

/// Runs a program to its end, which must have one of these exit statuses; what it printed.
pub(crate) fn run(command: &mut Command, statuses: &[i32]) -> Result<String, Failure> {
    let program = words(command);
    let failed = |told: String| Failure::Program { program, told };
    let output = match command.process_group(0).stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => return Err(failed(error.to_string())),
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.code() {
        Some(code) if statuses.contains(&code) => Ok(text(&output.stdout)),
        _ => {
            let (status, told) = (output.status, [output.stdout, output.stderr].concat());
            Err(failed(format!("{status}\n{}", text(&told))))
        }
    }
}

fn words(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let from = bytes.len().saturating_sub(TAIL_BYTES);
    let text = String::from_utf8_lossy(&bytes[from..]);
    format!("{}\n{text}", log.display())
}
