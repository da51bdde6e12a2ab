//! The desk on a socket of the file system, as a proxy on this machine reaches it: the same rules, and nothing left behind.

use crate::stage::Stage;
use quitus::api::Desk;
use quitus::guard::Listen;
use quitus::record::Mode;
use quitus::web::{DeskSettings, Pages};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// One request, written by hand; what comes back.
async fn asks(socket: &std::path::Path, request: &str) -> String {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).await.unwrap();
    String::from_utf8_lossy(&got).into_owned()
}

fn get(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn pages_listen_on_a_socket_of_the_file_system_with_the_same_rules() {
    let house = Stage::with(Mode::Review, "").await;
    let socket = house.folder.path().join("desk.sock");
    // As the configuration writes it, over what a killed daemon left.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let written = format!(
        "listen = \"unix:{}\"\nhosts = [\"desk.example\"]\n",
        socket.display()
    );
    let settings: DeskSettings = toml::from_str(&written).unwrap();
    let listen = settings.listen.clone();
    assert!(matches!(&listen, Listen::Unix(path) if *path == socket));
    let pages = Pages::open_at(Desk::of(&house.daemon), settings)
        .await
        .unwrap();
    assert_eq!(*pages.listen(), listen);
    let page = asks(&socket, &get("/sign-in", "desk.example")).await;
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert!(page.contains("name=\"password\""), "{page}");
    assert!(
        page.to_ascii_lowercase()
            .contains("content-security-policy: default-src 'none'"),
        "{page}"
    );
    let inside = asks(&socket, &get("/cases", "desk.example")).await;
    assert!(inside.starts_with("HTTP/1.1 303 "), "{inside}");
    // A name of this machine is none of the proxy's.
    for host in ["localhost", "evil.example"] {
        let other = asks(&socket, &get("/sign-in", host)).await;
        assert!(other.starts_with("HTTP/1.1 421 "), "{host}: {other}");
    }
    let body = "name=odile&password=x";
    let foreign = format!(
        "POST /sign-in HTTP/1.1\r\nHost: desk.example\r\nOrigin: http://evil.example\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let foreign = asks(&socket, &foreign).await;
    assert!(foreign.starts_with("HTTP/1.1 403 "), "{foreign}");
    pages.end().await;
    assert!(UnixStream::connect(&socket).await.is_err());
    house.end().await;
}
