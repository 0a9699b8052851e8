//! `yinxin serve`: the service over HTTP, from one configuration file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use server::{Config, ConfigError, LogFormat, LogLevel, OpenError, PageProcess, Server, ServerError};
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;

use crate::common::{Context, Failure, print, read_small};
use crate::render::FONT_FOLDERS;
use crate::render_pdf;
use crate::trust::TrustArgs;

/// 启动服务（HTTP 接口），配置见一个 TOML 文件；SIGTERM 或 Ctrl-C 正常停止。
/// Run the service over HTTP, configured by one TOML file; SIGTERM or Ctrl-C stops it gracefully.
///
/// 标准输出第一行是服务的网址，日志写到标准错误；环境变量 YINXIN__节__键 覆盖配置文件。
/// The first line of standard output is the URL, the log goes to standard error; variables of the form
/// YINXIN__SECTION__KEY lie over the file.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// 配置文件 / the configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// 只检查配置，不启动 / check the configuration and end
    #[arg(long)]
    check: bool,
}

/// Runs the command, until it is told to stop.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let config = read_config(&args.config, context)?;
    let verifier = TrustArgs::of(&config.trust).verifier()?;
    if args.check {
        print(
            context
                .language
                .pick("配置正确\n", "the configuration is sound\n"),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    log_to_stderr(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::software)?;
    let finished = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(Failure::software)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::software)?;
        let outside = (context.outside)().with_pdf_pages(pdf_pages()?);
        let server = Server::start(config, verifier, outside).await;
        let server = server.map_err(|error| server_words(&error))?;
        print(&format!("http://{}/\n", server.address()))?;
        let stop = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        Ok::<_, Failure>(server.run(stop).await)
    })?;
    // Work that was cut off may still sit on a thread; nobody waits for it any more.
    runtime.shutdown_background();
    Ok(if finished {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(75)
    })
}

/// The program itself, as it draws pages of PDF files in a process of its own.
fn pdf_pages() -> Result<PageProcess, Failure> {
    let mut arguments = vec![render_pdf::COMMAND.to_owned(), "-".to_owned()];
    for folder in FONT_FOLDERS {
        arguments.extend(["--fonts".to_owned(), folder.to_owned()]);
    }
    Ok(PageProcess {
        program: std::env::current_exe().map_err(Failure::software)?,
        arguments,
    })
}

/// Reads the configuration, overlaid by the environment.
pub(crate) fn read_config(path: &Path, context: &Context) -> Result<Config, Failure> {
    let text = String::from_utf8(read_small(path)?).map_err(|error| {
        let (shown, error) = (path.display(), error.utf8_error());
        Failure::usage(
            format!("{shown} 不是 UTF-8 文本：请改存为 UTF-8"),
            format!("{shown}: {error}; save it as UTF-8"),
        )
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Config::read(&text, folder, (context.variables)()).map_err(|error| config_words(path, &error))
}

fn config_words(path: &Path, error: &ConfigError) -> Failure {
    let shown = path.display();
    let zh = match error {
        ConfigError::Syntax { line, message } => format!("第 {line} 行不是 TOML：{message}"),
        ConfigError::Value { key, message } => {
            format!("配置项 {key}：{message}（各项及取值见 docs/operating/serve.md）")
        }
        ConfigError::Variable { name, key } => {
            format!("环境变量 {name}：{key} 是值而不是节，请更正变量名")
        }
    };
    Failure::usage(format!("{shown}：{zh}"), format!("{shown}: {error}"))
}

fn server_words(error: &ServerError) -> Failure {
    let zh = match error {
        ServerError::Open(OpenError::Data { folder, source }) => {
            format!("数据目录 {folder} 不能使用：{source}；请允许服务账户写入该目录")
        }
        ServerError::Open(OpenError::PinFile { file, reason }) => {
            format!("口令文件 {file}（keys.pin_file）不能读取：{reason}；请在其第一行写入服务密钥的口令")
        }
        ServerError::Open(OpenError::Key { folder, reason }) => {
            format!("目录 {folder} 中的密钥 log 不能使用：{reason}")
        }
        ServerError::Open(OpenError::Documents { reason }) => {
            format!("存放文件的目录或存储桶不能使用：{reason}；请检查配置节 documents 及访问权限")
        }
        ServerError::Open(OpenError::Database { reason }) => {
            format!("数据库不能使用：{reason}；请检查 database.url")
        }
        ServerError::Listen { address, source } => {
            format!("无法监听 {address}：{source}；请更换 http.listen，或停止占用端口的程序")
        }
    };
    Failure::unavailable(zh, error.to_string())
}

fn log_to_stderr(config: &Config) {
    let level = match config.log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    match config.log.format {
        LogFormat::Json => lines.json().flatten_event(true).init(),
        LogFormat::Text => lines.init(),
    }
}
