//! `completions` and `man`: made from the command line's own description.

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::failure::Failure;
use crate::output::print;

/// Prints the completions for a shell.
pub fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "framewright", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Prints the page of a command, or the page of the program with those of its commands behind it.
pub fn page(args: &ManArgs) -> Result<(), Failure> {
    let mut program = Cli::command();
    program.build();
    match &args.command {
        None => {
            let mut text = render(program.clone())?;
            for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
                text.push_str(&render(command.clone())?);
            }
            print(&text)
        }
        Some(name) => match program.find_subcommand(name) {
            Some(command) => print(&render(command.clone())?),
            None => {
                let names: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
                Err(Failure::usage(format!("there is no command `{name}`: use one of {}", names.join(", "))))
            }
        },
    }
}

fn render(command: Command) -> Result<String, Failure> {
    let notes = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let has_subcommands = command.has_subcommands();
    let man = Man::new(command);
    let mut page = Vec::new();
    let written = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| if has_subcommands { man.render_subcommands_section(&mut page) } else { Ok(()) });
    written.map_err(|error| Failure::io("making the manual page", error))?;
    Ok(String::from_utf8_lossy(&page).into_owned() + &sections(&notes))
}

/// What stands behind the options in `--help`, as sections of a page: their lines are not filled.
fn sections(notes: &str) -> String {
    let mut text = String::new();
    for block in notes.split("\n\n").filter(|block| !block.is_empty()) {
        let (title, body) = block.split_once(':').unwrap_or(("Notes", block));
        text += &format!(".SH \"{}\"\n.nf\n", title.to_uppercase());
        for line in body.trim_matches('\n').lines() {
            // `\&` keeps a dot or a quote at the start of a line from being a request.
            text += &format!("\\&{}\n", line.trim_start().replace('\\', "\\e").replace('-', "\\-"));
        }
        text += ".fi\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_become_sections() {
        assert_eq!(
            sections("Examples:\n  a -b c\n  .d\n\nExit codes: 0 done"),
            ".SH \"EXAMPLES\"\n.nf\n\\&a \\-b c\n\\&.d\n.fi\n.SH \"EXIT CODES\"\n.nf\n\\&0 done\n.fi\n"
        );
        assert_eq!(sections(""), "");
    }

    #[test]
    fn every_command_has_a_page() {
        let mut program = Cli::command();
        program.build();
        for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
            assert!(render(command.clone()).unwrap().contains(".SH SYNOPSIS"), "{}", command.get_name());
        }
    }
}
