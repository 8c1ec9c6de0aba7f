//! Files whose lock says whether the process that made them lives: the system lets go of a lock when its holder dies.

use std::fs::File;
use std::path::Path;

/// The lock of a file that nobody holds any more, taken: whoever made the file is gone. As long as it is held nobody else takes the
/// file for his own, so what belongs to it is removed before it is dropped. `None` if its maker lives, or if that can't be known: there
/// is no file, or its file system has no locks.
pub fn abandoned(path: &Path) -> Option<File> {
    let file = File::options().write(true).open(path).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_abandoned_when_nobody_holds_its_lock() {
        let folder = std::env::temp_dir().join(format!("riverrun-owned-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("lock");
        assert!(abandoned(&path).is_none(), "there is none");
        let maker = File::create(&path).unwrap();
        maker.lock().unwrap();
        assert!(abandoned(&path).is_none(), "its maker lives");
        drop(maker);
        let taken = abandoned(&path).unwrap();
        assert!(abandoned(&path).is_none(), "one at a time");
        drop(taken);
        assert!(abandoned(&path).is_some());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
