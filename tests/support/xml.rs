//! A reader of the XML that descriptions need: elements, attributes and text, without anything else.

use super::{Checked, ensure};

#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Checked<&str> {
        let found = self.attributes.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str()).ok_or(format!("{} without {name}", self.name))
    }

    pub fn attribute_is(&self, name: &str, value: &str) -> Checked<()> {
        let found = self.attribute(name)?;
        ensure!(found == value, "{name} of {} is {found:?} and not {value:?}", self.name);
        Ok(())
    }

    /// Checks its name, and those of its children, which come in this order.
    pub fn is(&self, name: &str, children: &[&str]) -> Checked<()> {
        ensure!(self.name == name, "{} where {name} was expected", self.name);
        let mut before = 0;
        for child in &self.children {
            let place = children.iter().position(|known| *known == child.name);
            let place = place.ok_or(format!("{} in {name}", child.name))?;
            ensure!(place >= before, "{} of {name} behind {}", child.name, children[before]);
            before = place;
        }
        Ok(())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// The root of a document.
pub fn parse(document: &str) -> Checked<Element> {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    let mut rest = document.strip_prefix(head).ok_or("no XML declaration")?;
    let root = element(&mut rest)?;
    ensure!(rest.trim().is_empty(), "`{rest}` behind the root");
    Ok(root)
}

fn element(rest: &mut &str) -> Checked<Element> {
    *rest = rest.trim_start().strip_prefix('<').ok_or("no element")?;
    let mut element = Element { name: name(rest)?, ..Element::default() };
    loop {
        let spaced = rest.starts_with(' ');
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            *rest = after;
            return Ok(element);
        }
        if let Some(after) = rest.strip_prefix('>') {
            *rest = after;
            break;
        }
        ensure!(spaced, "no space before an attribute");
        let name = name(rest)?;
        *rest = rest.strip_prefix("=\"").ok_or(format!("{name} without a value"))?;
        let (value, after) = rest.split_once('"').ok_or("a value without an end")?;
        ensure!(!element.attributes.iter().any(|(found, _)| *found == name), "{name} is there twice");
        element.attributes.push((name, plain(value)?));
        *rest = after;
    }
    loop {
        let (text, after) = rest.split_at(rest.find('<').ok_or("an element without an end")?);
        element.text.push_str(plain(text)?.trim());
        *rest = after;
        if let Some(after) = rest.strip_prefix("</") {
            *rest = after;
            let name = name(rest)?;
            ensure!(name == element.name, "{} ends as {name}", element.name);
            *rest = rest.strip_prefix('>').ok_or("an end without an end")?;
            return Ok(element);
        }
        element.children.push(self::element(rest)?);
    }
}

fn name(rest: &mut &str) -> Checked<String> {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '_').unwrap_or(rest.len());
    ensure!(end > 0, "no name at `{}`", rest.chars().take(20).collect::<String>());
    let (name, after) = rest.split_at(end);
    *rest = after;
    Ok(name.to_owned())
}

/// Text with its references resolved.
fn plain(text: &str) -> Checked<String> {
    ensure!(!text.contains('<') && !text.chars().any(|c| c.is_control() && c != '\n'), "text {text:?}");
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (reference, after) = part.split_once(';').ok_or("an & without a ;")?;
        plain.push(match reference {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            _ => return Err(format!("&{reference};")),
        });
        plain.push_str(after);
    }
    Ok(plain)
}
