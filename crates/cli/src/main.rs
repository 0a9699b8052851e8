//! The one binary yinxin, a file per command.

fn main() {}
