//! Names of languages: ISO 639 in its parts, BCP 47, and what follows for containers that know only one of them.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// A language, with the region, script and variant that it may have.
///
/// Containers name languages in three ways, and a reader may know only one of them: by the terminologic codes of ISO 639-2
/// (MP4's `mdhd`), by its bibliographic ones (Matroska's Language), and by BCP 47 (MP4's `elng`, Matroska's
/// LanguageBCP47, HLS and DASH). This type has all three.
///
/// ```
/// use framewright::media::Language;
/// let german = Language::parse("deu")?;
/// assert_eq!((german.tag(), &german.terminologic(), &german.bibliographic()), ("de", b"deu", b"ger"));
/// assert!(!german.needs_tag());
/// assert!(Language::parse("pt-br")?.needs_tag());
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Language {
    tag: String,
    terminologic: [u8; 3],
    bibliographic: [u8; 3],
    needs_tag: bool,
}

/// What stands where a language is not known, or has no code.
const UNDETERMINED: &str = "und";

/// RFC 5646 sets no limit, but asks for room for 35 characters; this is far more.
const MAX_LENGTH: usize = 128;

impl Language {
    /// A language by ISO 639-1 (`de`), ISO 639-2 (`deu` or `ger`), ISO 639-3 (`yue`) or BCP 47 (`pt-BR`, `zh-Hans-CN`),
    /// in either case; `und` where it is not known.
    ///
    /// Codes of two letters have to exist. Codes of three letters, and subtags behind them, need the form of RFC 5646 alone.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for anything else. Words of four to eight letters in front,
    /// as in `german`, are among it: RFC 5646 keeps a place for them, and none was ever registered.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = || {
            let shown: String = text.chars().take(MAX_LENGTH).collect();
            let allowed = "write a code of ISO 639, as in de or deu, a tag of BCP 47, as in pt-BR, or und";
            Error::option("language", format_args!("`{}`", shown.escape_debug()), allowed)
        };
        if text.len() > MAX_LENGTH {
            return Err(refuse());
        }
        let lower = text.to_ascii_lowercase();
        let subtags: Vec<&str> = lower.split('-').collect();
        let is_irregular = IRREGULAR.contains(&lower.as_str());
        if !is_irregular && !is_well_formed(&subtags) {
            return Err(refuse());
        }
        let (primary, rest) = subtags.split_first().ok_or_else(refuse)?;
        let (shortest, codes) = match *primary {
            "i" | "x" => (*primary, None),
            primary => find(primary).ok_or_else(refuse)?,
        };
        let (terminologic, bibliographic) = codes.unwrap_or((UNDETERMINED, UNDETERMINED));
        let tag = in_canonical_case(shortest, rest);
        Ok(Language {
            needs_tag: codes.is_none() || !rest.is_empty(),
            terminologic: letters(terminologic),
            bibliographic: letters(bibliographic),
            tag,
        })
    }

    /// Its code in ISO 639-2/T, as in `deu`; `und` where it has none.
    pub fn terminologic(&self) -> [u8; 3] {
        self.terminologic
    }

    /// Its code in ISO 639-2/B, as in `ger`; `und` where it has none.
    pub fn bibliographic(&self) -> [u8; 3] {
        self.bibliographic
    }

    /// Its tag of BCP 47, as in `de` and `zh-Hant-TW`: the shortest code, and the usual case.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether the tag says more than the three letters: a region, a script, a variant, or a language that has no code in
    /// ISO 639-2.
    pub fn needs_tag(&self) -> bool {
        self.needs_tag
    }

    /// Whether nothing is known of it.
    pub fn is_undetermined(&self) -> bool {
        self.tag == UNDETERMINED
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Language::parse(text)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tag)
    }
}

type Codes<'a> = (&'a str, &'a str);

/// The shortest code of a language in lower case, and its codes in ISO 639-2/T and /B where it has them.
fn find(code: &str) -> Option<(&str, Option<Codes<'_>>)> {
    let code = RENAMED.iter().find(|(old, _)| *old == code).map_or(code, |(_, new)| new);
    let rows = TWO_LETTERS.split(' ').filter_map(|row| {
        let (two, three) = row.split_once(':')?;
        let (terminologic, bibliographic) = three.split_once('/').unwrap_or((three, three));
        Some((two, terminologic, bibliographic))
    });
    for (two, terminologic, bibliographic) in rows {
        if [two, terminologic, bibliographic].contains(&code) {
            return Some((two, Some((terminologic, bibliographic))));
        }
    }
    let has_code = THREE_LETTERS.split(' ').any(|known| known == code) || ("qaa"..="qtz").contains(&code);
    match code.len() {
        3 => Some((code, has_code.then_some((code, code)))),
        2 => (code == SERBO_CROATIAN).then_some((code, None)),
        _ => None,
    }
}

/// RFC 5646, 2.1: `langtag` and `privateuse`, in lower case.
fn is_well_formed(subtags: &[&str]) -> bool {
    let is_alpha = |subtag: &str| subtag.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_digit = |subtag: &str| subtag.bytes().all(|byte| byte.is_ascii_digit());
    let is_alphanum = |subtag: &str| subtag.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !subtags.iter().all(|subtag| (1..=8).contains(&subtag.len()) && is_alphanum(subtag)) {
        return false;
    }
    let Some((first, mut rest)) = subtags.split_first() else { return false };
    if *first == "x" {
        return !rest.is_empty();
    }
    if !(2..=3).contains(&first.len()) || !is_alpha(first) {
        return false;
    }
    let mut take = |matches: &dyn Fn(&str) -> bool| match rest {
        [subtag, behind @ ..] if matches(subtag) => {
            rest = behind;
            Some(*subtag)
        }
        _ => None,
    };
    // extlang = 3ALPHA *2("-" 3ALPHA)
    (0..3).take_while(|_| take(&|subtag| subtag.len() == 3 && is_alpha(subtag)).is_some()).for_each(drop);
    // script = 4ALPHA
    take(&|subtag| subtag.len() == 4 && is_alpha(subtag));
    // region = 2ALPHA / 3DIGIT
    take(&|subtag| (subtag.len() == 2 && is_alpha(subtag)) || (subtag.len() == 3 && is_digit(subtag)));
    // variant = 5*8alphanum / (DIGIT 3alphanum), each once (2.2.5)
    let is_variant =
        |subtag: &str| subtag.len() >= 5 || (subtag.len() == 4 && subtag.starts_with(|c: char| c.is_ascii_digit()));
    let mut seen = Vec::new();
    while let Some(variant) = take(&is_variant) {
        if seen.contains(&variant) {
            return false;
        }
        seen.push(variant);
    }
    // extension = singleton 1*("-" (2*8alphanum)), each singleton once (2.2.6)
    while let Some(singleton) = take(&|subtag| subtag.len() == 1 && subtag != "x") {
        if seen.contains(&singleton) || take(&|subtag| subtag.len() >= 2).is_none() {
            return false;
        }
        while take(&|subtag| subtag.len() >= 2).is_some() {}
        seen.push(singleton);
    }
    // privateuse = "x" 1*("-" (1*8alphanum))
    match rest {
        [] => true,
        [x, _, ..] => *x == "x",
        [_] => false,
    }
}

/// RFC 5646, 2.1.1: lower case, but for regions (`BR`) and scripts (`Hans`).
fn in_canonical_case(primary: &str, rest: &[&str]) -> String {
    let mut tag = primary.to_owned();
    let mut behind_singleton = primary.len() == 1;
    for subtag in rest {
        tag.push('-');
        match subtag.len() {
            2 if !behind_singleton => tag += &subtag.to_ascii_uppercase(),
            4 if !behind_singleton => {
                let (initial, others) = subtag.split_at(1);
                tag += &initial.to_ascii_uppercase();
                tag += others;
            }
            _ => tag += subtag,
        }
        behind_singleton |= subtag.len() == 1;
    }
    tag
}

fn letters(code: &str) -> [u8; 3] {
    code.as_bytes().try_into().unwrap_or(*b"und")
}

/// The tags of RFC 5646 that were registered before its grammar was, and do not follow it (`irregular`).
const IRREGULAR: &[&str] = &[
    "en-gb-oed",
    "i-ami",
    "i-bnn",
    "i-default",
    "i-enochian",
    "i-hak",
    "i-klingon",
    "i-lux",
    "i-mingo",
    "i-navajo",
    "i-pwn",
    "i-tao",
    "i-tay",
    "i-tsu",
    "sgn-be-fr",
    "sgn-be-nl",
    "sgn-ch-de",
];

/// Codes that ISO 639-1 has given up, and the ones that BCP 47's registry prefers.
const RENAMED: &[(&str, &str)] = &[("iw", "he"), ("in", "id"), ("ji", "yi"), ("jw", "jv"), ("mo", "ro")];

/// Given up in ISO 639-1, kept in BCP 47, and never in ISO 639-2 under a code of its own.
const SERBO_CROATIAN: &str = "sh";

/// ISO 639-1 with the codes of ISO 639-2 for the same language: `639-1:639-2/T`, and `/639-2/B` where that differs. `bh`
/// has left ISO 639-1 and stayed in BCP 47.
const TWO_LETTERS: &str = "\
    aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul \
    bh:bih bi:bis bm:bam bn:ben bo:bod/tib br:bre bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:ces/cze \
    cu:chu cv:chv cy:cym/wel da:dan de:deu/ger dv:div dz:dzo ee:ewe el:ell/gre en:eng eo:epo es:spa et:est \
    eu:eus/baq fa:fas/per ff:ful fi:fin fj:fij fo:fao fr:fra/fre fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj \
    gv:glv ha:hau he:heb hi:hin ho:hmo hr:hrv ht:hat hu:hun hy:hye/arm hz:her ia:ina id:ind ie:ile ig:ibo ii:iii \
    ik:ipk io:ido is:isl/ice it:ita iu:iku ja:jpn jv:jav ka:kat/geo kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm \
    kn:kan ko:kor kr:kau ks:kas ku:kur kv:kom kw:cor ky:kir la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit \
    lu:lub lv:lav mg:mlg mh:mah mi:mri/mao mk:mkd/mac ml:mal mn:mon mr:mar ms:msa/may mt:mlt my:mya/bur na:nau \
    nb:nob nd:nde ne:nep ng:ndo nl:nld/dut nn:nno no:nor nr:nbl nv:nav ny:nya oc:oci oj:oji om:orm or:ori os:oss \
    pa:pan pi:pli pl:pol ps:pus pt:por qu:que rm:roh rn:run ro:ron/rum ru:rus rw:kin sa:san sc:srd sd:snd se:sme \
    sg:sag si:sin sk:slk/slo sl:slv sm:smo sn:sna so:som sq:sqi/alb sr:srp ss:ssw st:sot su:sun sv:swe sw:swa \
    ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso tt:tat tw:twi ty:tah ug:uig \
    uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor za:zha zh:zho/chi zu:zul";

/// ISO 639-2 without a code in ISO 639-1. `qaa` to `qtz` are for local use, and not in the list.
const THREE_LETTERS: &str = "\
    ace ach ada ady afa afh ain akk ale alg alt ang anp apa arc arn arp art arw ast ath aus awa bad bai bal ban \
    bas bat bej bem ber bho bik bin bla bnt bra btk bua bug byn cad cai car cau ceb cel chb chg chk chm chn cho \
    chp chr chy cmc cnr cop cpe cpf cpp crh crp csb cus dak dar day del den dgr din doi dra dsb dua dum dyu efi \
    egy eka elx enm ewo fan fat fil fiu fon frm fro frr frs fur gaa gay gba gem gez gil gmh goh gon gor got grb \
    grc gsw gwi hai haw hil him hit hmn hsb hup iba ijo ilo inc ine inh ira iro jbo jpr jrb kaa kab kac kam kar \
    kaw kbd kha khi kho kmb kok kos kpe krc krl kro kru kum kut lad lah lam lez lol loz lua lui lun luo lus mad \
    mag mai mak man map mas mdf mdr men mga mic min mis mkh mnc mni mno moh mos mul mun mus mwl mwr myn myv nah \
    nai nap nds new nia nic niu nog non nqo nso nub nwc nym nyn nyo nzi osa ota oto paa pag pal pam pap pau peo \
    phi phn pon pra pro raj rap rar roa rom rup sad sah sai sal sam sas sat scn sco sel sem sga sgn shn sid sio \
    sit sla sma smi smj smn sms snk sog son srn srr ssa suk sus sux syc syr tai tem ter tet tig tiv tkl tlh tli \
    tmh tog tpi tsi tum tup tut tvl tyv udm uga umb und vai vot wak wal war was wen xal yao yap ypk zap zbl zen \
    zgh znd zun zxx zza";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn every_form_of_a_code_is_known() {
        let cases = [
            // text, tag, T, B, needs the tag
            ("de", "de", "deu", "ger", false),
            ("DEU", "de", "deu", "ger", false),
            ("ger", "de", "deu", "ger", false),
            ("en", "en", "eng", "eng", false),
            ("fre", "fr", "fra", "fre", false),
            ("und", "und", "und", "und", false),
            ("mul", "mul", "mul", "mul", false),
            ("haw", "haw", "haw", "haw", false),
            ("qab", "qab", "qab", "qab", false),
            ("yue", "yue", "und", "und", true),
            ("iw", "he", "heb", "heb", false),
            ("bh", "bh", "bih", "bih", false),
            ("sh", "sh", "und", "und", true),
            ("pt-br", "pt-BR", "por", "por", true),
            ("POR-BR", "pt-BR", "por", "por", true),
            ("zh-hans-cn", "zh-Hans-CN", "zho", "chi", true),
            ("chi-HANT", "zh-Hant", "zho", "chi", true),
            ("zh-yue-HK", "zh-yue-HK", "zho", "chi", true),
            ("es-419", "es-419", "spa", "spa", true),
            ("de-CH-1901", "de-CH-1901", "deu", "ger", true),
            ("sl-rozaj-biske-1994", "sl-rozaj-biske-1994", "slv", "slv", true),
            ("en-a-BBB-x-A-CCCC", "en-a-bbb-x-a-cccc", "eng", "eng", true),
            ("en-CA-x-CA", "en-CA-x-ca", "eng", "eng", true),
            ("und-Latn", "und-Latn", "und", "und", true),
            ("x-Whatever", "x-whatever", "und", "und", true),
            ("I-KLINGON", "i-klingon", "und", "und", true),
            ("en-GB-oed", "en-GB-oed", "eng", "eng", true),
            ("sgn-be-fr", "sgn-BE-FR", "sgn", "sgn", true),
            ("zh-min-nan", "zh-min-nan", "zho", "chi", true),
        ];
        for (text, tag, terminologic, bibliographic, needs_tag) in cases {
            let language = Language::parse(text).unwrap();
            assert_eq!(language.tag(), tag);
            assert_eq!(language.terminologic(), terminologic.as_bytes(), "{text}");
            assert_eq!(language.bibliographic(), bibliographic.as_bytes(), "{text}");
            assert_eq!(language.needs_tag(), needs_tag, "{text}");
            assert_eq!(tag.parse::<Language>().unwrap(), language, "{text}");
        }
    }

    #[test]
    fn what_is_no_language_is_refused_by_name() {
        let long = "en-".to_owned() + &"abcdefgh-".repeat(20) + "x-a";
        let cases = [
            "",
            " ",
            "e",
            "d1",
            "xx",
            "1234",
            "german",
            "englisch",
            "ninelette",
            "deu ",
            "pt_BR",
            "pt-",
            "-pt",
            "pt--BR",
            "é",
            "日本語",
            "de-x",
            "x",
            "x-",
            "i",
            "i-unknown",
            "en-a",
            "en-a-b",
            "en-a-bb-a-cc",
            "de-1901-1901",
            "de-DE-DE",
            "de-toolongsubtag",
            "en-BR-Latn",
            "zh-aaa-bbb-ccc-ddd",
            "de-abc1",
            "eng\0",
            &long,
        ];
        for text in cases {
            let error = Language::parse(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::InvalidOption);
            assert!(error.to_string().contains("option `language` is `"), "{error}");
            assert!(error.to_string().contains("pt-BR"), "{error}");
        }
    }

    #[test]
    fn tables_are_whole_and_have_no_code_twice() {
        let two: Vec<_> = TWO_LETTERS.split(' ').collect();
        let three: Vec<_> = THREE_LETTERS.split(' ').collect();
        assert_eq!((two.len(), three.len()), (184, 302));
        assert_eq!(two.iter().filter(|row| row.contains('/')).count(), 20, "pairs of T and B");
        assert!(two.is_sorted() && three.is_sorted());
        let mut codes: Vec<&str> = two.iter().flat_map(|row| row.split([':', '/'])).chain(three).collect();
        assert!(codes.iter().all(|code| code.len() == 2 || code.len() == 3));
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
