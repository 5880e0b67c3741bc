//! JSON read strictly, with the digits of its numbers, so that a value can be compared as it was written.

use std::fmt::Write as _;

/// Before the four digits of a lone surrogate, which a Rust string cannot hold.
const LONE: char = '\u{f8ff}';

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Whole text as one value; anything that RFC 8259 forbids, or a name twice in one object, is an error.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            bytes: text.as_bytes(),
            at: 0,
        };
        let value = reader.value()?;
        reader.space();
        if reader.at == text.len() {
            Ok(value)
        } else {
            Err(format!("something behind the end, at {}", reader.at))
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else {
            return None;
        };
        members.iter().find(|(own, _)| own == name).map(|(_, v)| v)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Compact, members by name: equal values are equal texts.
    pub(super) fn canonical(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, true);
        out
    }

    /// Compact, members as they stand.
    pub(super) fn compact(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, false);
        out
    }

    fn write(&self, out: &mut String, sorted: bool) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
            Self::Text(text) => out.push_str(&quote(text)),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out, sorted);
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                if sorted {
                    members.sort_by(|one, other| one.0.cmp(&other.0));
                }
                out.push('{');
                for (at, (name, value)) in members.into_iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&quote(name));
                    out.push(':');
                    value.write(out, sorted);
                }
                out.push('}');
            }
        }
    }
}

/// The same value, as [`Json::canonical`] writes it.
pub(super) fn canonical(json: &str) -> String {
    Json::parse(json).unwrap().canonical()
}

/// The canonical form of a text of which UTF-8 is asked: what it cannot hold is U+FFFD there.
pub(super) fn canonical_text(json: &str) -> String {
    let text = Json::parse(json).unwrap();
    let text = text.text().unwrap();
    let mut whole = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == LONE {
            whole.push('\u{fffd}');
            letters.nth(3);
        } else {
            whole.push(letter);
        }
    }
    quote(&whole)
}

/// A JSON string.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            LONE => {
                out.push_str("\\u");
                out.extend(letters.by_ref().take(4));
            }
            letter if letter < ' ' => write!(out, "\\u{:04x}", u32::from(letter)).unwrap(),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.bytes[self.at..].starts_with(token.as_bytes()) {
            self.at += token.len();
            return Ok(());
        }
        Err(format!("no {token} at {}", self.at))
    }

    fn value(&mut self) -> Result<Json, String> {
        self.space();
        match self.peek() {
            b'n' => self.expect("null").map(|()| Json::Null),
            b't' => self.expect("true").map(|()| Json::Bool(true)),
            b'f' => self.expect("false").map(|()| Json::Bool(false)),
            b'"' => self.text().map(Json::Text),
            b'[' => {
                let mut items = Vec::new();
                self.items(b']', |reader| {
                    items.push(reader.value()?);
                    Ok(())
                })?;
                Ok(Json::List(items))
            }
            b'{' => {
                let mut members = Vec::new();
                self.items(b'}', |reader| {
                    reader.space();
                    let name = reader.text()?;
                    reader.space();
                    reader.expect(":")?;
                    members.push((name, reader.value()?));
                    Ok(())
                })?;
                let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
                names.sort_unstable();
                if names.windows(2).any(|pair| pair[0] == pair[1]) {
                    return Err(format!("a name twice before {}", self.at));
                }
                Ok(Json::Object(members))
            }
            _ => self.number(),
        }
    }

    /// What stands between two brackets, by commas.
    fn items(
        &mut self,
        end: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.at += 1;
        self.space();
        if self.peek() == end {
            self.at += 1;
            return Ok(());
        }
        loop {
            item(self)?;
            self.space();
            if self.peek() == end {
                self.at += 1;
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    fn digits(&mut self) -> Result<(), String> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if start == self.at {
            return Err(format!("no digit at {start}"));
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Json, String> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        let digits = &self.bytes[start..self.at];
        Ok(Json::Number(String::from_utf8(digits.to_vec()).unwrap()))
    }

    fn text(&mut self) -> Result<String, String> {
        self.expect("\"")?;
        let mut units: Vec<u16> = Vec::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), b'"' | b'\\' | 0..=0x1f) {
                self.at += 1;
            }
            let plain = std::str::from_utf8(&self.bytes[start..self.at]).unwrap();
            units.extend(plain.encode_utf16());
            match self.peek() {
                b'"' => break,
                b'\\' => units.push(self.escape()?),
                _ => return Err(format!("a control character at {}", self.at)),
            }
        }
        self.at += 1;
        Ok(decode(units))
    }

    fn escape(&mut self) -> Result<u16, String> {
        self.at += 2;
        Ok(match self.bytes.get(self.at - 1) {
            Some(letter @ (b'"' | b'\\' | b'/')) => (*letter).into(),
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => 10,
            Some(b'r') => 13,
            Some(b't') => 9,
            Some(b'u') => {
                let digits = self.bytes.get(self.at..self.at + 4);
                let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
                let digits = digits.ok_or_else(|| format!("no escape at {}", self.at))?;
                self.at += 4;
                u16::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
            }
            _ => return Err(format!("no escape at {}", self.at)),
        })
    }
}

fn decode(units: Vec<u16>) -> String {
    let mut text = String::new();
    for letter in char::decode_utf16(units) {
        match letter {
            Ok(letter) => text.push(letter),
            Err(lone) => write!(text, "{LONE}{:04x}", lone.unpaired_surrogate()).unwrap(),
        }
    }
    text
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        "{",
        "[1,]",
        "01",
        "1.",
        "\"\\x\"",
        "\"\t\"",
        "{\"a\":1,\"a\":2}",
        "nul",
        "1 2",
        "{\"a\" 1}",
        "\"\\u12\"",
        "-",
        "1e",
    ] {
        assert!(Json::parse(text).is_err(), "{text}");
    }
    let text = r#"{"b":[1.500,-0.0E+7,null],"a":"\ud800\ud83d\ude00\n"}"#;
    let canonical = Json::parse(text).unwrap().canonical();
    assert_eq!(
        canonical,
        "{\"a\":\"\\ud800\u{1f600}\\u000a\",\"b\":[1.500,-0.0E+7,null]}"
    );
    assert_eq!(Json::parse(&canonical).unwrap().canonical(), canonical);
    assert_eq!(canonical_text(r#""a\udc00b""#), "\"a\u{fffd}b\"");
}
