//! Runs the targets without libFuzzer: their corpus, and then inputs made of it that follow from a seed, for a time.
//!
//! ```text
//! replay list                                                 the targets
//! replay seeds FOLDER                                         writes a corpus a target into FOLDER/TARGET
//! replay dictionaries FOLDER                                  writes FOLDER/TARGET.dict for libFuzzer
//! replay run TARGET|all --seconds N [--seed S] [--corpus FOLDER]
//! replay file TARGET FILE...                                  runs a target over files, as those that were found
//! ```
//!
//! What fails, or takes too long or too much memory, is written to `artifacts/TARGET` in the current folder, and the program
//! ends with 1.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use framewright_fuzz::mutate::Mutator;
use framewright_fuzz::{TARGETS, Target, check, remember_panics, target};

/// What one input may take: a hundred times what the slowest takes on a machine that has other work too.
const SLOWEST: Duration = Duration::from_secs(10);
/// What the process may take: readers hold a frame or two of at most 512 MiB.
const MOST_MEMORY: u64 = 3 << 30;

const USAGE: &str = "replay list | seeds FOLDER | dictionaries FOLDER | run TARGET|all --seconds N [--seed S] \
                     [--corpus FOLDER] | file TARGET FILE...";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    remember_panics();
    match command(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn command(words: &[&str]) -> Outcome<()> {
    match words {
        ["list"] => {
            TARGETS.iter().for_each(|target| println!("{}", target.name));
            Ok(())
        }
        ["seeds", folder] => TARGETS.iter().try_for_each(|target| write_seeds(Path::new(folder), target)),
        ["dictionaries", folder] => TARGETS.iter().try_for_each(|target| write_dictionary(Path::new(folder), target)),
        ["run", name, options @ ..] => run(name, &Options::parse(options)?),
        ["file", name, files @ ..] if !files.is_empty() => {
            let target = named(name)?;
            for file in files {
                check(target, &fs::read(file)?).map_err(|message| format!("{file}: {message}"))?;
            }
            println!("{name}: {} files", files.len());
            Ok(())
        }
        _ => Err(USAGE.into()),
    }
}

struct Options {
    seconds: u64,
    seed: u64,
    corpus: Option<PathBuf>,
}

impl Options {
    fn parse(words: &[&str]) -> Outcome<Self> {
        let mut options = Options { seconds: 10, seed: 1, corpus: None };
        for pair in words.chunks(2) {
            match pair {
                ["--seconds", seconds] => options.seconds = seconds.parse()?,
                ["--seed", seed] => options.seed = seed.parse()?,
                ["--corpus", folder] => options.corpus = Some(PathBuf::from(folder)),
                _ => return Err(format!("`{}`: {USAGE}", pair.join(" ")).into()),
            }
        }
        Ok(options)
    }
}

fn named(name: &str) -> Result<&'static Target, String> {
    let names = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    target(name).ok_or_else(|| format!("there is no target `{name}`: there are {}", names()))
}

fn write_seeds(folder: &Path, target: &Target) -> Outcome<()> {
    let corpus = folder.join(target.name);
    fs::create_dir_all(&corpus)?;
    for (number, seed) in (target.seeds)().into_iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number:03}")), seed)?;
    }
    Ok(())
}

fn write_dictionary(folder: &Path, target: &Target) -> Outcome<()> {
    if target.dictionary.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let words = target.dictionary.iter().map(|word| {
        let escaped: String = word.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        format!("# {}\n\"{escaped}\"\n", word.escape_ascii())
    });
    Ok(fs::write(folder.join(format!("{}.dict", target.name)), words.collect::<String>())?)
}

/// Fuzzes one target, or each; all of them, even where one fails.
fn run(name: &str, options: &Options) -> Outcome<()> {
    if name != "all" {
        return fuzz(named(name)?, options);
    }
    let failures: Vec<String> =
        TARGETS.iter().filter_map(|target| fuzz(target, options).err()).map(|error| error.to_string()).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// The seeds, and the files of a corpus in the order of their names.
fn corpus(target: &Target, folder: Option<&Path>) -> std::io::Result<Vec<Vec<u8>>> {
    let mut inputs = (target.seeds)();
    let folder = folder.map(|folder| folder.join(target.name)).filter(|folder| folder.is_dir());
    let Some(folder) = folder else { return Ok(inputs) };
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort_unstable();
    for file in files {
        inputs.push(fs::read(file)?);
    }
    Ok(inputs)
}

fn fuzz(target: &Target, options: &Options) -> Outcome<()> {
    let corpus = corpus(target, options.corpus.as_deref())?;
    let mut mutator = Mutator::new(&corpus, target.dictionary, options.seed);
    let (start, mut executions, mut slowest) = (Instant::now(), 0u64, Duration::ZERO);
    while executions < corpus.len() as u64 || start.elapsed() < Duration::from_secs(options.seconds) {
        let of_corpus = usize::try_from(executions).ok().and_then(|index| corpus.get(index).cloned());
        let input = of_corpus.unwrap_or_else(|| mutator.input());
        let (began, before) = (Instant::now(), peak_memory());
        let outcome = check(target, &input);
        let took = began.elapsed();
        slowest = slowest.max(took);
        executions += 1;
        let outcome = outcome.and_then(|()| match peak_memory() {
            _ if took > SLOWEST => Err(format!("it took {took:?}")),
            // What an earlier input took stays in the peak, and is that one's.
            bytes if bytes > before.max(MOST_MEMORY) => Err(format!("the process took {bytes} bytes")),
            _ => Ok(()),
        });
        if let Err(message) = outcome {
            let path = keep(target, options.seed, executions, &input)?;
            return Err(format!("{}, execution {executions}, {}: {message}", target.name, path.display()).into());
        }
    }
    let a_second = executions as f64 / start.elapsed().as_secs_f64();
    println!(
        "{}: {executions} executions, {a_second:.0} a second, the slowest {slowest:?}, {} MiB at most, seed {}",
        target.name,
        peak_memory() >> 20,
        options.seed
    );
    Ok(())
}

fn keep(target: &Target, seed: u64, executions: u64, input: &[u8]) -> std::io::Result<PathBuf> {
    let folder = Path::new("artifacts").join(target.name);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("found-{seed}-{executions}"));
    fs::write(&path, input)?;
    Ok(path)
}

/// The most memory that this process has had, where Linux says it; 0 elsewhere.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) << 10
}
