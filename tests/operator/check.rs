//! `quitus check`: one reading tells every mistake, where it stands and what to do; `--online` tells what the servers say.
