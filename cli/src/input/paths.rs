//! Turns what the user named into a list of files: folders with all they contain, and globs.
//!
//! Which of them are CloudTrail files is decided by content, not by name. A file is listed once, however often it is named.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::{Problem, ProblemKind};

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Standard input.
    Stdin,
    /// A file, or a pipe that the user named.
    File(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// The files that `args` name, in the order of `args` and each folder sorted by name.
///
/// An argument is a file, a folder, `-` or, if no such file exists, a glob. Names in folders that start with `.` are left out.
pub(crate) fn expand(args: &[OsString]) -> (Vec<Source>, Vec<Problem>) {
    let mut list = List::default();
    for arg in args {
        if arg == "-" {
            if !list.sources.contains(&Source::Stdin) {
                list.sources.push(Source::Stdin);
            }
        } else {
            list.argument(Path::new(arg));
        }
    }
    (list.sources, list.problems)
}

#[derive(Default)]
struct List {
    sources: Vec<Source>,
    problems: Vec<Problem>,
    /// Real paths of the files listed.
    seen: HashSet<PathBuf>,
}

impl List {
    fn argument(&mut self, path: &Path) {
        match (fs::metadata(path), as_glob(path)) {
            (Ok(metadata), _) if metadata.is_dir() => self.folder(path),
            (Ok(_), _) => self.file(path.to_owned()),
            (Err(error), Some(pattern)) if error.kind() == io::ErrorKind::NotFound => {
                self.glob(path, pattern);
            }
            (Err(error), _) => self.problem(path, ProblemKind::Open(error)),
        }
    }

    fn glob(&mut self, path: &Path, pattern: &str) {
        let options = glob::MatchOptions {
            require_literal_leading_dot: true,
            ..glob::MatchOptions::new()
        };
        let matches = match glob::glob_with(pattern, options) {
            Ok(matches) => matches,
            Err(error) => return self.problem(path, ProblemKind::Pattern(error)),
        };
        let mut none = true;
        for entry in matches {
            none = false;
            match entry {
                Ok(found) if found.is_dir() => self.folder(&found),
                Ok(found) => self.file(found),
                Err(error) => {
                    let path = error.path().to_owned();
                    self.problem(&path, ProblemKind::Glob(error));
                }
            }
        }
        if none {
            self.problem(path, ProblemKind::NoMatch);
        }
    }

    fn folder(&mut self, folder: &Path) {
        let mut empty = true;
        let visible = |entry: &DirEntry| {
            entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
        };
        let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(visible) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => continue,
                Ok(entry) if entry.file_type().is_file() => self.file(entry.into_path()),
                Ok(entry) => self.problem(entry.path(), ProblemKind::NotAFile),
                Err(error) => {
                    let path = error.path().unwrap_or(folder).to_owned();
                    self.problem(&path, ProblemKind::Folder(error));
                }
            }
            empty = false;
        }
        if empty {
            self.problem(folder, ProblemKind::EmptyFolder);
        }
    }

    fn file(&mut self, path: PathBuf) {
        // A pipe has no real path.
        let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if self.seen.insert(real) {
            self.sources.push(Source::File(path));
        }
    }

    fn problem(&mut self, path: &Path, kind: ProblemKind) {
        self.problems.push(Problem {
            file: path.display().to_string(),
            position: None,
            kind,
        });
    }
}

fn as_glob(path: &Path) -> Option<&str> {
    path.to_str().filter(|text| text.contains(['*', '?', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        }
        folder
    }

    /// Expands arguments relative to the folder and says what came, relative to it.
    fn expanded(folder: &Path, args: &[&str]) -> (Vec<String>, Vec<String>) {
        let args: Vec<OsString> = args
            .iter()
            .map(|arg| {
                if *arg == "-" {
                    OsString::from(arg)
                } else {
                    folder.join(arg).into()
                }
            })
            .collect();
        let (sources, problems) = expand(&args);
        let relative = |text: String| text.replace(&format!("{}/", folder.display()), "");
        (
            sources
                .iter()
                .map(|source| relative(source.to_string()))
                .collect(),
            problems
                .iter()
                .map(|problem| relative(problem.to_string()))
                .collect(),
        )
    }

    #[test]
    fn names_become_files_in_order() {
        let folder = folder(&[
            "b.json",
            "a.json.gz",
            "logs/2/x",
            "logs/1/y",
            "logs/.hidden",
            ".git/z",
            "odd[1].json",
        ]);
        let table: [(&[&str], &[&str]); 7] = [
            (&["b.json", "a.json.gz"], &["b.json", "a.json.gz"]),
            (
                &["logs", "-", "b.json", "-"],
                &["logs/1/y", "logs/2/x", "-", "b.json"],
            ),
            (
                &[""],
                &["a.json.gz", "b.json", "logs/1/y", "logs/2/x", "odd[1].json"],
            ),
            (&["*.json"], &["b.json", "odd[1].json"]),
            (&["odd[1].json"], &["odd[1].json"]),
            (&["lo*/1"], &["logs/1/y"]),
            (&["b.json", "logs/../b.json", "./b.json", "b*"], &["b.json"]),
        ];
        for (args, files) in table {
            let (found, problems) = expanded(folder.path(), args);
            assert_eq!(found, files, "{args:?}");
            assert_eq!(problems, [""; 0], "{args:?}");
        }
    }

    #[test]
    fn what_cannot_be_found_is_named() {
        let folder = folder(&["a.json", "empty/.hidden"]);
        let table = [
            ("missing", "missing: cannot find or open it"),
            ("x*.json", "x*.json: no file matches this pattern"),
            (
                "[",
                "[: not a valid pattern; quote `[`, `*` and `?` in names as `[[]`, `[*]` and `[?]`",
            ),
            (
                "empty",
                "empty: the folder has no files (names that start with `.` are left out)",
            ),
        ];
        for (arg, problem) in table {
            let (found, problems) = expanded(folder.path(), &[arg, "a.json"]);
            assert_eq!(found, ["a.json"]);
            assert_eq!(problems, [problem]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once() {
        use std::os::unix::fs::symlink;
        let folder = folder(&["a/x.json"]);
        symlink(folder.path().join("a"), folder.path().join("b")).unwrap();
        symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        symlink("nowhere", folder.path().join("broken")).unwrap();
        let (found, problems) = expanded(folder.path(), &[""]);
        assert_eq!(found, ["a/x.json"]);
        assert_eq!(
            problems,
            [
                "a/loop: cannot read the folder entry",
                "b/loop: cannot read the folder entry",
                "broken: cannot read the folder entry",
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_in_a_folder_is_not_opened() {
        let folder = folder(&["a.json"]);
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap();
        let (found, problems) = expanded(folder.path(), &[""]);
        assert_eq!(found, ["a.json"]);
        assert_eq!(
            problems,
            ["s: not a regular file; name it itself to read it"]
        );
    }
}
