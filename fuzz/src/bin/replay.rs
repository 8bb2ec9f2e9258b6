//! Runs the targets without libFuzzer: their seeds, and mutations of them that follow from a seed, for a time.
//!
//! ```text
//! replay list                                       the targets
//! replay seeds FOLDER                               writes each target's corpus and dictionary for libFuzzer
//! replay TARGET --seconds N [--seed S]              fuzzes; what fails is written to artifacts/TARGET/
//! replay TARGET FILE...                             runs the target over files
//! ```

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use framewright_fuzz::mutate::Mutator;
use framewright_fuzz::{TARGETS, Target, check, target};

/// What one input may take.
const SLOWEST: Duration = Duration::from_secs(10);
/// What the process may take: readers hold a frame or two.
const MOST_MEMORY: u64 = 2 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // The library makes errors of panics, which are nothing to print.
    std::panic::set_hook(Box::new(|_| {}));
    match words[..] {
        ["list"] => {
            TARGETS.iter().for_each(|target| println!("{}", target.name));
            Ok(())
        }
        ["seeds", folder] => TARGETS.iter().try_for_each(|target| write_seeds(Path::new(folder), target)),
        [name, "--seconds", seconds] => fuzz(named(name)?, seconds.parse()?, 1),
        [name, "--seconds", seconds, "--seed", seed] => fuzz(named(name)?, seconds.parse()?, seed.parse()?),
        [name, ref files @ ..] if !files.is_empty() => {
            let target = named(name)?;
            for file in files {
                check(target.name, &fs::read(file)?).map_err(|message| format!("{file}: {message}"))?;
            }
            println!("{name}: {} files", files.len());
            Ok(())
        }
        _ => Err("replay list | seeds FOLDER | TARGET --seconds N [--seed S] | TARGET FILE...".into()),
    }
}

fn named(name: &str) -> Result<&'static Target, String> {
    let names = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    target(name).ok_or_else(|| format!("there is no target `{name}`: there are {}", names()))
}

fn write_seeds(folder: &Path, target: &Target) -> Result<(), Box<dyn Error>> {
    let corpus = folder.join("corpus").join(target.name);
    fs::create_dir_all(&corpus)?;
    for (number, seed) in (target.seeds)().into_iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number:03}")), seed)?;
    }
    if !target.dictionary.is_empty() {
        let words = target.dictionary.iter().map(|word| {
            let escaped: String = word.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("\"{escaped}\"\n")
        });
        fs::write(folder.join("corpus").join(format!("{}.dict", target.name)), words.collect::<String>())?;
    }
    Ok(())
}

fn fuzz(target: &Target, seconds: u64, seed: u64) -> Result<(), Box<dyn Error>> {
    let corpus = (target.seeds)();
    let mut mutator = Mutator::new(&corpus, target.dictionary, seed);
    let (start, mut executions, mut slowest) = (Instant::now(), 0u64, Duration::ZERO);
    let seeds = corpus.iter().cloned();
    let endless = std::iter::from_fn(|| Some(mutator.next()));
    for input in seeds.chain(endless) {
        let began = Instant::now();
        if let Err(message) = check(target.name, &input) {
            let path = keep(target, executions, &input)?;
            return Err(format!("{} after {executions} executions ({}): {message}", target.name, path.display()).into());
        }
        slowest = slowest.max(began.elapsed());
        executions += 1;
        if slowest > SLOWEST || peak_memory() > MOST_MEMORY {
            let path = keep(target, executions, &input)?;
            return Err(format!("{}: {slowest:?}, {} bytes ({})", target.name, peak_memory(), path.display()).into());
        }
        if start.elapsed().as_secs() >= seconds && executions >= corpus.len() as u64 {
            break;
        }
    }
    let (took, memory) = (start.elapsed().as_secs_f64(), peak_memory() >> 20);
    let a_second = executions as f64 / took;
    println!(
        "{}: {executions} executions in {took:.0} s ({a_second:.0} a second), seed {seed}, slowest {slowest:?}, at most {memory} MiB",
        target.name
    );
    Ok(())
}

fn keep(target: &Target, executions: u64, input: &[u8]) -> std::io::Result<PathBuf> {
    let folder = Path::new("artifacts").join(target.name);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("found-{executions}"));
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
