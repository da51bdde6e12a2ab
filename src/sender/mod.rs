//! Skeleton while the room is being built.
use crate::record::{Address, Fault, NoticeAct, Whom};
use std::time::Duration;
#[derive(Clone, PartialEq, Debug)]
pub struct SenderSettings {
    pub name: String,
}
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Channel {
    Email,
    Phone,
    Linkedin,
}
pub struct Limits {
    pub at_once: usize,
    pub per_minute: Option<u32>,
}
#[derive(Clone)]
pub struct Connector;
pub enum Told {
    Obeyed { words: String },
    Unknown { words: String },
    Later(Trouble),
    Refused { words: String },
}
pub struct Trouble {
    pub kind: TroubleKind,
    pub words: String,
    pub wait: Option<Duration>,
}
pub enum TroubleKind {
    Secret,
    Connect,
    Certificate,
    Login,
    Limit,
    Redirect,
    Server,
    Answer,
    Timeout,
    Local,
}
pub struct Pulled {
    pub addresses: Vec<Address>,
    pub unreadable: usize,
    pub complete: bool,
}
impl Connector {
    pub fn new(_: &SenderSettings) -> Result<Self, Vec<Fault>> {
        Ok(Self)
    }
    pub fn name(&self) -> &str {
        ""
    }
    pub fn channels(&self) -> &[Channel] {
        &[]
    }
    pub fn limits(&self) -> Limits {
        Limits {
            at_once: 1,
            per_minute: None,
        }
    }
    pub fn unverified(&self) -> Vec<String> {
        Vec::new()
    }
    pub fn can_pull(&self) -> bool {
        false
    }
    pub fn can(&self, _: NoticeAct, _: &Whom) -> bool {
        true
    }
    pub async fn tell(&self, _: NoticeAct, _: &Whom) -> Told {
        Told::Obeyed {
            words: String::new(),
        }
    }
    pub async fn pull(&self) -> Result<Pulled, Trouble> {
        Ok(Pulled {
            addresses: Vec::new(),
            unreadable: 0,
            complete: true,
        })
    }
    pub async fn test(&self) -> Result<String, Trouble> {
        Ok(String::new())
    }
}
