//! Compressed files, told by their names.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// `.gz`, `.gzip`
    Gzip,
    /// `.zst`, `.zstd`
    Zstd,
}

impl Compression {
    /// What a file's name says.
    pub fn of(path: &str) -> Compression {
        let extension = Path::new(path).extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        match extension.as_deref() {
            Some("gz" | "gzip") => Compression::Gzip,
            Some("zst" | "zstd") => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// The path of the file of which a compressed one is made, `log.1` for `log.1.gz`; `None` for one that is not compressed.
    pub fn original(path: &str) -> Option<&str> {
        let (original, _) = path.rsplit_once('.').filter(|_| is_compressed(path))?;
        Some(original)
    }

    /// What is appended to the names of files that are written.
    pub fn extension(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zstd => ".zst",
        }
    }
}

/// Whether a file of this name is compressed.
pub fn is_compressed(path: &str) -> bool {
    Compression::of(path) != Compression::None
}

/// The content of a file, decompressed.
pub enum Content {
    Plain(File),
    Gzip(Box<flate2::read::MultiGzDecoder<BufReader<File>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<File>>>),
}

impl Content {
    /// The file.
    pub fn file(&self) -> &File {
        match self {
            Content::Plain(file) => file,
            Content::Gzip(decoder) => decoder.get_ref().get_ref(),
            Content::Zstd(decoder) => decoder.get_ref().get_ref(),
        }
    }

    /// Opens a file.
    pub fn open(path: &Path, compression: Compression) -> io::Result<Content> {
        let file = File::open(path)?;
        Ok(match compression {
            Compression::None => Content::Plain(file),
            Compression::Gzip => {
                Content::Gzip(Box::new(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(64 << 10, file))))
            }
            Compression::Zstd => Content::Zstd(Box::new(zstd::stream::read::Decoder::with_buffer(
                BufReader::with_capacity(64 << 10, file),
            )?)),
        })
    }

    /// How long a file is that can be entered at an offset.
    pub fn length(&self) -> io::Result<Option<u64>> {
        match self {
            Content::Plain(file) => file.metadata().map(|metadata| Some(metadata.len())),
            _ => Ok(None),
        }
    }

    /// Goes to an offset if the file allows it; `false` if what comes before must be read and thrown away.
    pub fn seek(&mut self, offset: u64) -> io::Result<bool> {
        match self {
            Content::Plain(file) => file.seek(SeekFrom::Start(offset)).map(|_| true),
            _ => Ok(false),
        }
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Content::Plain(file) => file.read(buffer),
            Content::Gzip(decoder) => decoder.read(buffer),
            Content::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

/// A file that is written, compressed on the way.
pub enum Target<W: Write> {
    Plain(W),
    Gzip(flate2::write::GzEncoder<W>),
    Zstd(Box<zstd::stream::write::Encoder<'static, W>>),
}

impl<W: Write> Target<W> {
    /// Writes to `inner`.
    pub fn new(inner: W, compression: Compression) -> io::Result<Target<W>> {
        Ok(match compression {
            Compression::None => Target::Plain(inner),
            Compression::Gzip => Target::Gzip(flate2::write::GzEncoder::new(inner, flate2::Compression::default())),
            Compression::Zstd => Target::Zstd(Box::new(zstd::stream::write::Encoder::new(inner, 0)?)),
        })
    }

    /// Writes what is left, and gives the inner writer back.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Target::Plain(inner) => Ok(inner),
            Target::Gzip(encoder) => encoder.finish(),
            Target::Zstd(encoder) => encoder.finish(),
        }
    }

    /// The inner writer.
    pub fn get_ref(&self) -> &W {
        match self {
            Target::Plain(inner) => inner,
            Target::Gzip(encoder) => encoder.get_ref(),
            Target::Zstd(encoder) => encoder.get_ref(),
        }
    }
}

impl<W: Write> Write for Target<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Plain(inner) => inner.write(bytes),
            Target::Gzip(encoder) => encoder.write(bytes),
            Target::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Plain(inner) => inner.flush(),
            Target::Gzip(encoder) => encoder.flush(),
            Target::Zstd(encoder) => encoder.flush(),
        }
    }
}
