//! The files in an archive, each by itself: of rules, tables or functions, which are no logs.

use super::Problem;
use super::tar;
use super::unpack::{Contents, Decoder, kind};

/// How much of an archive is unpacked.
#[derive(Clone, Copy, Debug)]
pub struct MemberLimits {
    /// Bytes of each file that are kept, the first ones; of none, their names alone are listed.
    pub kept: usize,
    /// Bytes that all files may have together, unpacked.
    pub bytes: u64,
    /// How many files there may be.
    pub files: usize,
}

/// A file in an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its path in the archive, as that has it.
    pub name: String,
    /// Its contents, as far as they are kept.
    pub bytes: Vec<u8>,
    /// Why it cannot be used.
    pub problem: Option<String>,
}

/// Unpacks an archive: zip, or tar, which may be compressed. It takes chunks cut anywhere.
pub struct Archive {
    form: Form,
    files: Files,
}

enum Form {
    /// Not known yet: the first bytes.
    Start(Vec<u8>),
    Files(Decoder),
    /// An archive is inside.
    Packed(Decoder, Box<Form>),
    /// No archive.
    Other,
}

impl Archive {
    /// At the start of an archive.
    pub fn new(limits: MemberLimits) -> Archive {
        let files = Files {
            limits,
            current: None,
            done: Vec::new(),
            problems: Vec::new(),
            bytes: 0,
            unpacked: 0,
            count: 0,
            spent: false,
        };
        Archive { form: Form::Start(Vec::new()), files }
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8]) {
        self.form.push(chunk, false, &mut self.files);
    }

    /// The archive ended.
    pub fn finish(&mut self) {
        self.form.finish(false, &mut self.files);
        self.files.close();
    }

    /// Whether it is an archive, as far as it was read.
    pub fn is_archive(&self) -> bool {
        match &self.form {
            Form::Packed(_, inner) => matches!(**inner, Form::Files(_)),
            form => matches!(form, Form::Files(_)),
        }
    }

    /// Whether a limit was reached: nothing more is read.
    pub fn is_spent(&self) -> bool {
        self.files.spent
    }

    /// The files that are complete, since the last call.
    pub fn take(&mut self) -> Vec<Member> {
        std::mem::take(&mut self.files.done)
    }

    /// What is wrong with the archive itself.
    pub fn problems(&self) -> &[String] {
        &self.files.problems
    }
}

impl Form {
    fn push(&mut self, chunk: &[u8], inside: bool, files: &mut Files) {
        match self {
            Form::Other => {}
            Form::Files(decoder) => decoder.push(chunk, files),
            Form::Packed(decoder, inner) => decoder.push(chunk, &mut Inside { inner, files }),
            Form::Start(head) => {
                let more = tar::BLOCK.saturating_sub(head.len()).min(chunk.len());
                let (first, rest) = chunk.split_at(more);
                head.extend_from_slice(first);
                if head.len() == tar::BLOCK {
                    self.open(inside, files);
                    self.push(rest, inside, files);
                }
            }
        }
    }

    /// Its first bytes are there, or all.
    fn open(&mut self, inside: bool, files: &mut Files) {
        let Form::Start(head) = std::mem::replace(self, Form::Other) else { return };
        *self = match kind(&head, true).and_then(Decoder::of) {
            Some(decoder) if decoder.is_archive() => Form::Files(decoder),
            Some(decoder) if decoder.is_compression() && !inside => {
                Form::Packed(decoder, Box::new(Form::Start(Vec::new())))
            }
            _ => Form::Other,
        };
        self.push(&head, inside, files);
    }

    fn finish(&mut self, inside: bool, files: &mut Files) {
        if let Form::Start(_) = self {
            self.open(inside, files);
        }
        match self {
            Form::Files(decoder) => decoder.finish(files),
            Form::Packed(decoder, inner) => {
                decoder.finish(&mut Inside { inner, files });
                inner.finish(true, files);
            }
            Form::Start(_) | Form::Other => {}
        }
    }
}

/// Takes what comes out of a compression.
struct Inside<'a> {
    inner: &'a mut Form,
    files: &'a mut Files,
}

impl Contents for Inside<'_> {
    fn bytes(&mut self, chunk: &[u8]) {
        // A tar archive has more than the contents of files.
        self.files.unpacked += chunk.len() as u64;
        if !self.files.spent && self.files.unpacked / 2 > self.files.limits.bytes {
            self.files.spend_bytes();
        }
        self.inner.push(chunk, true, self.files);
    }

    fn gap(&mut self) {}

    fn full(&self) -> bool {
        self.files.spent || matches!(self.inner, Form::Other)
    }

    fn problem(&mut self, problem: Problem) {
        self.files.problem(problem);
    }
}

/// Takes the files of an archive.
struct Files {
    limits: MemberLimits,
    current: Option<Member>,
    done: Vec<Member>,
    problems: Vec<String>,
    /// Bytes of files, and of all that was compressed.
    bytes: u64,
    unpacked: u64,
    count: usize,
    spent: bool,
}

impl Files {
    /// The current file ends here, and not as a whole one.
    fn close(&mut self) {
        let Some(mut file) = self.current.take().filter(|_| !self.spent) else { return };
        if file.problem.is_none() && file.bytes.len() < self.limits.kept {
            file.problem = Some("it is cut off in the archive".to_owned());
        }
        self.done.push(file);
    }

    fn spend(&mut self, most: &str) {
        self.spent = true;
        self.problems.push(format!("the archive has more than {most}; unpack it first"));
    }

    /// So many bytes more were unpacked; whether they are too many.
    fn is_too_large(&mut self, more: usize) -> bool {
        self.bytes += more as u64;
        if !self.spent && self.bytes > self.limits.bytes {
            self.spend_bytes();
        }
        self.spent
    }

    fn spend_bytes(&mut self) {
        self.spend(&format!("{} MiB, unpacked", self.limits.bytes >> 20));
    }
}

impl Contents for Files {
    fn bytes(&mut self, chunk: &[u8]) {
        if self.is_too_large(chunk.len()) {
            return;
        }
        if let Some(file) = &mut self.current {
            let room = self.limits.kept.saturating_sub(file.bytes.len());
            file.bytes.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
        }
    }

    fn gap(&mut self) {}

    fn full(&self) -> bool {
        self.spent
    }

    fn problem(&mut self, problem: Problem) {
        let wants = self.wants();
        match &mut self.current {
            _ if self.spent => {}
            // What is left out for its kind is named in the message.
            Some(file) if wants && file.problem.is_none() && problem.code != "unreadable" => {
                file.problem = Some(problem.message);
            }
            _ => self.problems.push(problem.message),
        }
    }

    fn member(&mut self, name: &str) {
        self.close();
        self.count += 1;
        if self.is_too_large(name.len()) {
            return;
        }
        if self.count > self.limits.files {
            return self.spend(&format!("{} files", self.limits.files));
        }
        self.current = Some(Member { name: name.to_owned(), ..Member::default() });
    }

    fn wants(&self) -> bool {
        !self.spent && self.current.as_ref().is_some_and(|file| file.bytes.len() < self.limits.kept)
    }

    fn whole(&mut self) {
        self.done.extend(self.current.take().filter(|_| !self.spent));
    }
}
