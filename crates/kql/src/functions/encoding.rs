//! Encodings and compression. Source: Microsoft's docs of each.

use super::call::{Call, list_items};
use super::string::{MAX_TEXT, bounded};
use super::{DYNAMIC, Function, GUID, Naming, STRING, dynamic, guid, text};
use crate::value::Value;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder, ZlibDecoder, ZlibEncoder};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::io::Read;

const NONE: Naming = Naming::None;
/// What a URL does not hold as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'*')
    .remove(b'(')
    .remove(b')');

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("base64_decode_toarray"(text("base64_string")) -> DYNAMIC, NONE,
        "Decodes Base64 text to an array of bytes. Returns null if the text is not Base64.", [("base64_decode_toarray('S3U=')",
        "[75,117]")],
        |c| decode(c).map_or(Value::Null,
        |b| Value::array(b.into_iter().map(|b| Value::Long(b.into())).collect()))),
    function!("base64_decode_toguid"(text("base64_string")) -> GUID, NONE,
    "Decodes Base64 text of 16 bytes, in .NET's byte order, to a guid. Returns null if the text is anything else.",
    [("base64_decode_toguid('8jMxriJurkmwahbmqbIS6w==')", "ae3133f2-6e22-49ae-b06a-16e6a9b212eb")],
    |c| match decode(c).and_then(|b| <[u8; 16]>::try_from(b).ok()) {
        Some(bytes) => Value::Guid(swap_guid(bytes)),
        None => Value::Null,
    }),
    function!("base64_decode_tostring"(text("base64_string")) -> STRING, NONE,
        "Decodes Base64 text to a string. Returns the empty string if the text is not Base64 or the bytes are not UTF-8.", [("base64_decode_tostring('S3VzdG8=')",
        "Kusto")],
        decode_text),
    function!("base64_decodestring"(text("base64_string")) -> STRING, NONE,
            "The same as base64_decode_tostring.",
        [("base64_decodestring('S3VzdG8=')", "Kusto")], decode_text),
    function!("base64_encode_fromarray"(dynamic("base64_string_decoded_as_array")) -> STRING, NONE,
    "Encodes an array of bytes as Base64. Returns the empty string if any item is not a byte.",
    [("base64_encode_fromarray(dynamic([75, 117]))", "S3U=")],
    |c| {
        let byte = |v: &Value| v.as_integer().and_then(|n| u8::try_from(n).ok());
        let bytes = list_items(c.arg(0)).iter().map(byte).collect::<Option<Vec<_>>>();
        bytes.map_or_else(|| c.missing(), |b| Value::from(STANDARD.encode(b)))
    }),
    function!("base64_encode_fromguid"(guid("guid")) -> STRING, NONE,
    "Encodes the 16 bytes of a guid, in .NET's byte order, as Base64.",
    [("base64_encode_fromguid(guid(ae3133f2-6e22-49ae-b06a-16e6a9b212eb))", "8jMxriJurkmwahbmqbIS6w==")],
    |c| match c.arg(0) {
        Value::Guid(bytes) => Value::from(STANDARD.encode(swap_guid(*bytes))),
        _ => c.missing(),
    }),
    function!("base64_encode_tostring"(text("string")) -> STRING, NONE, "Encodes a string as Base64.",
        [("base64_encode_tostring('Kusto')", "S3VzdG8=")], |c| bounded(c,
        STANDARD.encode(c.text(0).as_bytes()))),
    function!("base64_encodestring"(text("string")) -> STRING, NONE, "The same as base64_encode_tostring.",
        [("base64_encodestring('Kusto')", "S3VzdG8=")], |c| bounded(c,
        STANDARD.encode(c.text(0).as_bytes()))),
    function!("gzip_compress_to_base64_string"(text("string")) -> STRING, NONE,
            "Compresses a string with gzip and encodes the result as Base64. The bytes may differ from Kusto's; they decompress to the same string.",
        [("gzip_decompress_from_base64_string(gzip_compress_to_base64_string('aé'))", "aé")],
        |c| bounded(c, compress(&c.text(0), 18, |text, level| Box::new(GzEncoder::new(text, level))))),
    function!("gzip_decompress_from_base64_string"(text("string")) -> STRING, NONE,
        "Decodes Base64 text and decompresses it with gzip. Returns the empty string if either fails or the result exceeds 16 MB.",
        [("gzip_decompress_from_base64_string('H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA==')",
          "1234567890qwertyuiop")], |c| decompress(c, |bytes| Box::new(GzDecoder::new(bytes)))),
    function!("url_decode"(text("encoded_url")) -> STRING, NONE, "Decodes URL-encoded text.",
        [("url_decode('a%2fb+%C3%A9')", "a/b é")], |c| Value::from(percent_decode(&c.text(0)))),
    function!("url_encode"(text("url")) -> STRING, NONE, "Encodes text for a URL. A space becomes +.",
        [("url_encode('a/b é')", "a%2fb+%c3%a9")], |c| bounded(c, percent_encode(&c.text(0), "+"))),
    function!("url_encode_component"(text("url")) -> STRING, NONE,
            "Encodes text for a URL. A space becomes %20.",
        [("url_encode_component('a/b é')", "a%2fb%20%c3%a9")],
        |c| bounded(c, percent_encode(&c.text(0), "%20"))),
    function!("zlib_compress_to_base64_string"(text("string")) -> STRING, NONE,
            "Compresses a string with zlib and encodes the result as Base64. For long text the bytes may differ from Kusto's; they decompress to the same string.",
        [("zlib_compress_to_base64_string('Test string 123')", "eAEBDwDw/1Rlc3Qgc3RyaW5nIDEyMyxqBQ4=")],
        |c| bounded(c, compress(&c.text(0), 6, |text, level| Box::new(ZlibEncoder::new(text, level))))),
    function!("zlib_decompress_from_base64_string"(text("string")) -> STRING, NONE,
        "Decodes Base64 text and decompresses it with zlib. Returns the empty string if either fails or the result exceeds 16 MB.",
        [("zlib_decompress_from_base64_string('eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4=')", "Test string 123")],
        |c| decompress(c, |bytes| Box::new(ZlibDecoder::new(bytes)))),
];

fn decode(c: &Call) -> Option<Vec<u8>> {
    STANDARD.decode(c.text(0).trim()).ok()
}

fn decode_text(c: &Call) -> Value {
    decode(c).and_then(|b| String::from_utf8(b).ok()).map_or_else(|| c.missing(), Value::from)
}

/// .NET keeps a guid's first three parts in little-endian order.
fn swap_guid(b: [u8; 16]) -> [u8; 16] {
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15] = b;
    [b3, b2, b1, b0, b5, b4, b7, b6, b8, b9, b10, b11, b12, b13, b14, b15]
}

/// The Base64 text of a compressed one. A text that compression does not make shorter is stored as it is, as recorded; `frame` is
/// how many bytes stand around the text then.
fn compress<'t>(
    text: &'t str,
    frame: usize,
    encoder: impl Fn(&'t [u8], Compression) -> Box<dyn Read + 't>,
) -> String {
    let compressed = |level: Compression| {
        let mut bytes = Vec::new();
        // Reading from memory cannot fail.
        encoder(text.as_bytes(), level).read_to_end(&mut bytes).map_or_else(|_| Vec::new(), |_| bytes)
    };
    let mut bytes = compressed(Compression::default());
    if bytes.len() >= text.len() + frame {
        bytes = compressed(Compression::none());
        // Gzip's note of how hard the compressor worked, which Kusto leaves empty.
        if bytes.starts_with(&[0x1f, 0x8b])
            && let Some(effort) = bytes.get_mut(8)
        {
            *effort = 0;
        }
    }
    STANDARD.encode(bytes)
}

fn decompress(c: &Call, decoder: impl Fn(&mut dyn Read) -> Box<dyn Read + '_>) -> Value {
    let text = decode(c).and_then(|bytes| inflate(decoder(&mut &*bytes)));
    text.and_then(|text| String::from_utf8(text).ok()).map_or_else(|| c.missing(), Value::from)
}

/// The whole content of a stream. A small stream can hold a huge text: no more than the limit is ever made.
fn inflate(decoder: impl Read) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    decoder.take(MAX_TEXT as u64 + 1).read_to_end(&mut text).ok()?;
    (text.len() <= MAX_TEXT).then_some(text)
}

/// A text encoded for a URL, its hexadecimal digits small, as .NET writes them.
fn percent_encode(text: &str, space: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in utf8_percent_encode(text, ENCODED) {
        match piece {
            "%20" => out.push_str(space),
            piece if piece.starts_with('%') => out.push_str(&piece.to_ascii_lowercase()),
            piece => out.push_str(piece),
        }
    }
    out
}

/// The text of a URL-encoded one: `%xx` is a byte and `+` a space; what is no such pair stays, and bytes that are no UTF-8 become
/// U+FFFD.
pub(super) fn percent_decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
