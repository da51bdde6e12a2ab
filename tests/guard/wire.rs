//! Both protocols of mail servers without one: many questions over one connection, and clients that mean harm.

use crate::port::free_port;
use crate::stage::{DOMAIN, FREE, PAUSED, STOPPED, Stage, raw};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

fn request(state: &str, recipient: &str) -> String {
    format!(
        "request=smtpd_access_policy\nprotocol_state={state}\nprotocol_name=ESMTP\nsender=bot@x.example\nrecipient={recipient}\n\
         client_address=127.0.0.1\n\n"
    )
}

/// The next answer of a connection.
fn answer(read: &mut impl BufRead) -> String {
    let (mut action, mut empty) = (String::new(), String::new());
    read.read_line(&mut action).unwrap();
    read.read_line(&mut empty).unwrap();
    assert_eq!(empty, "\n", "{action}");
    action.trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recipient_is_ruled_upon_over_one_connection() {
    let port = free_port();
    let settings = format!("[policy]\nlisten = \"127.0.0.1:{port}\"\ntext = \"Not to them\"");
    let stage = Stage::open(&settings).await;
    let write = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let (mut read, mut write) = (BufReader::new(write.try_clone().unwrap()), write);
    let at_the_domain = format!("who{DOMAIN}");
    for (state, recipient, action) in [
        ("RCPT", FREE, "DUNNO"),
        ("RCPT", STOPPED, "550 5.7.1 Not to them"),
        ("RCPT", "STOP+news@EXAMPLE.com", "550 5.7.1 Not to them"),
        ("RCPT", PAUSED, "550 5.7.1 Not to them"),
        ("RCPT", &at_the_domain, "550 5.7.1 Not to them"),
        ("RCPT", "nobody", "550 5.1.3 This address cannot be read"),
        (
            "RCPT",
            "@example.com",
            "550 5.1.3 This address cannot be read",
        ),
        ("RCPT", "", "550 5.1.3 This address cannot be read"),
        ("DATA", STOPPED, "DUNNO"),
        ("CONNECT", "", "DUNNO"),
        ("RCPT", FREE, "DUNNO"),
    ] {
        write
            .write_all(request(state, recipient).as_bytes())
            .unwrap();
        let said = answer(&mut read);
        assert_eq!(said, format!("action={action}"), "{state} {recipient}");
    }
    assert_eq!(stage.counts("policy"), [9, 7, 0]);
    // A pipeline in pieces is answered in its order.
    let all = request("RCPT", STOPPED) + &request("RCPT", FREE);
    for piece in all.as_bytes().chunks(7) {
        write.write_all(piece).unwrap();
    }
    assert_eq!(answer(&mut read), "action=550 5.7.1 Not to them");
    assert_eq!(answer(&mut read), "action=DUNNO");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_never_gets_a_yes_and_harms_nobody_else() {
    let port = free_port();
    let stage = Stage::open(&format!("[policy]\nlisten = \"127.0.0.1:{port}\"")).await;
    let whole = request("RCPT", FREE);
    let no_kind = whole.replace("request=smtpd_access_policy\n", "");
    let other_kind = whole.replace("smtpd_access_policy", "other");
    let hostile: Vec<Vec<u8>> = vec![
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        vec![b'a'; 1 << 20],
        b"a=b\n".repeat(100_000),
        b"\n\n\n".to_vec(),
        vec![0; 4096],
        no_kind.into_bytes(),
        other_kind.into_bytes(),
        whole.replace("recipient=", "recipients=").into_bytes(),
        whole
            .replace("sender=bot@x.example", &format!("recipient={FREE}"))
            .into_bytes(),
        [b"\xff\xfe=", whole.as_bytes()]
            .concat()
            .replace_recipient(b"\xff\xfe@example.com"),
        whole.as_bytes()[..whole.len() - 1].to_vec(),
        Vec::new(),
    ];
    for (n, say) in hostile.into_iter().enumerate() {
        let said = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            // It may have had enough before all is said.
            let _ = stream.write_all(&say);
            let _ = stream.shutdown(Shutdown::Write);
            let mut said = Vec::new();
            let _ = stream.read_to_end(&mut said);
            String::from_utf8_lossy(&said).into_owned()
        });
        let said = said.await.unwrap();
        assert!(
            !said.contains("DUNNO") && !said.contains("OK"),
            "{n}: {said}"
        );
        for action in said.lines().filter(|l| !l.is_empty()) {
            let no =
                action.starts_with("action=451 4.3.0") || action.starts_with("action=550 5.1.3");
            assert!(no, "{n}: {action}");
        }
    }
    let good = [request("RCPT", STOPPED).as_bytes(), b"quit\n"].concat();
    let said = tokio::task::spawn_blocking(move || raw(port, &good))
        .await
        .unwrap();
    assert!(said.starts_with(b"action=550 5.7.1 The recipient asked"));
    stage.end().await;
}

/// The bytes of a request with a recipient that is no text.
trait Replaced {
    fn replace_recipient(self, with: &[u8]) -> Vec<u8>;
}

impl Replaced for Vec<u8> {
    fn replace_recipient(self, with: &[u8]) -> Vec<u8> {
        let lines = self
            .split(|b| *b == b'\n')
            .map(|line| match line.starts_with(b"recipient=") {
                true => [b"recipient=", with].concat(),
                false => line.to_vec(),
            });
        lines.collect::<Vec<_>>().join(&b'\n')
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_at_once_are_bounded_and_those_in_work_go_on() {
    let port = free_port();
    let stage = Stage::open(&format!("[policy]\nlisten = \"127.0.0.1:{port}\"")).await;
    let asked = tokio::task::spawn_blocking(move || {
        let open = |_| TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut all: Vec<TcpStream> = (0..208).map(open).collect();
        let (mut yes, mut cut) = (0, 0);
        for stream in &mut all {
            stream
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            let _ = stream.write_all(request("RCPT", FREE).as_bytes());
            let mut said = [0; 14];
            match stream.read_exact(&mut said) {
                Ok(()) => yes += 1,
                Err(_) => cut += 1,
            }
        }
        (yes, cut)
    });
    assert_eq!(asked.await.unwrap(), (200, 8));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_in_the_file_system_serves_and_is_gone_afterwards() {
    let stage = Stage::open("[policy]\nlisten = \"unix:@FOLDER@/policy\"").await;
    let path = match &stage.office.house.load().config.guard.policy {
        Some(quitus::guard::MtaSettings {
            listen: quitus::guard::Listen::Unix(path),
            ..
        }) => path.clone(),
        other => panic!("{other:?}"),
    };
    let mut stream = UnixStream::connect(&path).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
        .write_all(request("RCPT", STOPPED).as_bytes())
        .unwrap();
    assert!(answer(&mut BufReader::new(&stream)).starts_with("action=550"));
    let second = quitus::guard::Guard::open(&stage.office).await;
    assert!(second.is_err_and(|e| e.to_string().contains("another program listens there")));
    stage.end().await;
    assert!(!path.exists());
}

/// A packet of a milter.
fn packet(command: u8, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len() + 1).unwrap().to_be_bytes();
    [&length[..], &[command], data].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_milter_outlives_what_is_no_mail_server() {
    let port = free_port();
    let stage = Stage::open(&format!("[milter]\nlisten = \"127.0.0.1:{port}\"")).await;
    let offer = packet(
        b'O',
        &[6u32, 0x1ff, 0x1f_ffff].map(u32::to_be_bytes).concat(),
    );
    let hostile: Vec<Vec<u8>> = vec![
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0; 64],
        vec![0xff; 1 << 20],
        packet(b'O', b"short"),
        packet(b'O', &[1u32, 0, 0].map(u32::to_be_bytes).concat()),
        [offer.clone(), packet(b'R', b"no zero at its end")].concat(),
        [offer.clone(), packet(b'?', b"")].concat(),
        offer[..7].to_vec(),
        [
            offer.clone(),
            100_000u32.to_be_bytes().to_vec(),
            b"Rcut".to_vec(),
        ]
        .concat(),
    ];
    for say in hostile {
        let said = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            // It may have had enough before all is said.
            let _ = stream.write_all(&say);
            let _ = stream.shutdown(Shutdown::Write);
            let mut said = Vec::new();
            let _ = stream.read_to_end(&mut said);
            said
        });
        let said = said.await.unwrap();
        // Nothing, or the negotiation alone: "continue" was said to nobody.
        assert!(
            said.is_empty() || said.len() == 17 && said[4] == b'O',
            "{said:?}"
        );
    }
    let rcpt = |whom: &str| packet(b'R', format!("<{whom}>\0").as_bytes());
    let good = [
        offer,
        packet(b'D', b"Rx\0"),
        rcpt(FREE),
        rcpt(STOPPED),
        packet(b'A', b""),
        packet(b'Q', b""),
    ];
    let good = good.concat();
    let said = tokio::task::spawn_blocking(move || raw(port, &good))
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&said[17..]).into_owned();
    assert!(
        said.starts_with("\0\0\0\u{1}c") && said.contains("y550 5.7.1 The recipient"),
        "{said:?}"
    );
    stage.end().await;
}
