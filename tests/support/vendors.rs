//! The eight vendors with a preset, each as a table of routes, as config/senders/README.md and its sources describe them.
//!
//! What a vendor is asked beyond its table is answered with 404 and fails the test that asked. Sizes of pages are those of
//! the vendors, so that several pages need as many people as there.

use super::vendor::{Call, Reply, Vendor, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub const ALL: &[Vendor] = &[
    LEMLIST, SMARTLEAD, INSTANTLY, HUBSPOT, PIPEDRIVE, BREVO, MAILCHIMP, APOLLO,
];

fn bearer(call: &Call, key: &str) -> bool {
    call.header("authorization") == format!("Bearer {key}")
}

/// Any user.
fn basic(call: &Call, key: &str) -> bool {
    let coded = call
        .header("authorization")
        .strip_prefix("Basic ")
        .unwrap_or_default();
    let clear = STANDARD.decode(coded).unwrap_or_default();
    String::from_utf8(clear).is_ok_and(|c| {
        c.split_once(':')
            .is_some_and(|(_, password)| password == key)
    })
}

/// The people of a page, with their ids.
fn page<'w>(all: impl Iterator<Item = &'w String>, offset: usize, size: usize) -> Vec<&'w String> {
    all.skip(offset).take(size).collect()
}

fn number(call: &Call, name: &str, most: usize, usual: usize) -> usize {
    call.query(name).parse().unwrap_or(usual).min(most)
}

fn missing() -> Reply {
    Reply::json(404, &json!({"message": "not found", "error": "not found"}))
}

// ---- lemlist

pub const LEMLIST: Vendor = Vendor {
    preset: "lemlist",
    with: &[],
    base: "/api",
    // An empty user.
    knocks: |call, key| {
        call.header("authorization") == format!("Basic {}", STANDARD.encode(format!(":{key}")))
    },
    routes: &[
        ("POST", "/unsubscribes/*", |world, _, stars| {
            world.opt_out(stars[0]);
            Reply::ok(&json!({"_id": "uns_1", "email": stars[0]}))
        }),
        ("DELETE", "/unsubscribes/*", |world, _, stars| {
            match world.out.remove(&stars[0].to_lowercase()) {
                true => Reply::ok(&json!({"email": stars[0]})),
                false => missing(),
            }
        }),
        ("POST", "/leads/pause/*", |world, _, stars| {
            match world.id(stars[0]) {
                Some(_) => {
                    world.paused.insert(stars[0].to_lowercase());
                    Reply::ok(&json!({"_id": "lea_1"}))
                }
                None => missing(),
            }
        }),
        ("GET", "/unsubscribes", |world, call, _| {
            let (offset, limit) = (
                number(call, "offset", usize::MAX, 0),
                number(call, "limit", 100, 100),
            );
            // Old entries have email, new ones value.
            let entry = |(n, a): (usize, &String)| {
                if n % 2 == 0 {
                    json!({"_id": "x", "email": a})
                } else {
                    json!({"_id": "x", "value": a})
                }
            };
            let items: Vec<Value> = page(world.out.iter(), offset, limit)
                .into_iter()
                .enumerate()
                .map(entry)
                .collect();
            Reply::ok(&json!(items))
        }),
        ("GET", "/team", |_, _, _| {
            Reply::ok(&json!({"_id": "tea_1", "apiKey": "never-show-this"}))
        }),
    ],
};

// ---- Smartlead

fn smart_lead(world: &mut World, call: &Call, _: &[&str]) -> Reply {
    match world.id(call.query("email")) {
        Some(id) => Reply::ok(
            &json!({"id": id, "lead_campaign_data": [{"campaign_id": 1}, {"campaign_id": 2}]}),
        ),
        None => Reply::ok(&json!({})),
    }
}

pub const SMARTLEAD: Vendor = Vendor {
    preset: "smartlead",
    with: &[],
    base: "/api/v1",
    knocks: |call, key| call.query("api_key") == key,
    routes: &[
        ("GET", "/leads", smart_lead),
        (
            "POST",
            "/leads/*/unsubscribe",
            |world, _, stars| match world.person(stars[0]) {
                Some(address) => {
                    world.opt_out(&address);
                    Reply::ok(&json!({"ok": true}))
                }
                None => missing(),
            },
        ),
        (
            "POST",
            "/campaigns/*/leads/*/pause",
            |world, _, stars| match world.person(stars[1]) {
                Some(address) => {
                    world.paused.insert(address);
                    Reply::ok(&json!({"ok": true}))
                }
                None => missing(),
            },
        ),
        ("GET", "/campaigns", |_, _, _| {
            Reply::ok(&json!([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]))
        }),
        ("GET", "/campaigns/*/leads", |world, call, stars| {
            // The first half is in campaign 1, the other in 2.
            let half = world.people.len() / 2;
            let mine = |n: &usize| (*n < half) == (stars[0] == "1");
            let ids: Vec<usize> = (0..world.people.len()).filter(mine).collect();
            let rows: Vec<Value> = ids
                .into_iter()
                .skip(number(call, "offset", usize::MAX, 0))
                .take(number(call, "limit", 100, 100))
                .map(|n| &world.people[n])
                .map(|p| json!({"lead": {"email": p, "is_unsubscribed": world.is_out(p)}}))
                .collect();
            Reply::ok(&json!({ "data": rows }))
        }),
    ],
};

// ---- Instantly

fn entries(world: &World) -> Vec<Value> {
    let one = |value: &String, domain: bool| json!({"id": format!("id-{value}"), "bl_value": value, "is_domain": domain});
    let people = world.out.iter().map(|a| one(a, false));
    people
        .chain(world.domains.iter().map(|d| one(d, true)))
        .collect()
}

/// Items after the one with this id.
fn after(items: Vec<Value>, cursor: &str, limit: usize) -> Value {
    let from = items
        .iter()
        .position(|i| i["id"] == cursor)
        .map_or(0, |n| n + 1);
    let rest = items.len() > from + limit;
    let items: Vec<Value> = items.into_iter().skip(from).take(limit).collect();
    match items.last().filter(|_| rest) {
        Some(last) => json!({"items": items, "next_starting_after": last["id"]}),
        None => json!({ "items": items }),
    }
}

pub const INSTANTLY: Vendor = Vendor {
    preset: "instantly",
    with: &[],
    base: "/api/v2",
    knocks: bearer,
    routes: &[
        ("POST", "/block-lists-entries", |world, call, _| {
            let value = call.json()["bl_value"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let domain = !value.contains('@');
            let there = if domain {
                world.domains.contains(&value)
            } else {
                world.is_out(&value)
            };
            match (there, domain) {
                (true, _) => Reply::json(409, &json!({"message": "already there"})),
                (false, true) => {
                    world.domains.insert(value);
                    Reply::ok(&json!({"id": "new"}))
                }
                (false, false) => {
                    world.opt_out(&value);
                    Reply::ok(&json!({"id": "new"}))
                }
            }
        }),
        ("GET", "/block-lists-entries", |world, call, _| {
            let found = |e: &Value| {
                e["bl_value"]
                    .as_str()
                    .is_some_and(|v| v.contains(&call.query("search").to_lowercase()))
            };
            let items: Vec<Value> = entries(world).into_iter().filter(found).collect();
            Reply::ok(&after(
                items,
                call.query("starting_after"),
                number(call, "limit", 100, 10),
            ))
        }),
        ("DELETE", "/block-lists-entries/*", |world, _, stars| {
            let value = stars[0].strip_prefix("id-").unwrap_or_default();
            match world.out.remove(value) || world.domains.remove(value) {
                true => Reply::ok(&json!({"id": stars[0]})),
                false => missing(),
            }
        }),
        ("POST", "/leads/list", |world, call, _| {
            let body = call.json();
            assert_eq!(body["filter"], "FILTER_VAL_UNSUBSCRIBED");
            // People who clicked: here, all who are paused.
            let items = world
                .paused
                .iter()
                .map(|p| json!({"id": p, "email": p}))
                .collect();
            let cursor = body["starting_after"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            Reply::ok(&after(items, &cursor, 100))
        }),
    ],
};

// ---- HubSpot

pub const HUBSPOT: Vendor = Vendor {
    preset: "hubspot",
    with: &[],
    base: "",
    knocks: bearer,
    routes: &[
        (
            "POST",
            "/communication-preferences/2026-03/statuses/*/unsubscribe-all",
            |world, call, stars| {
                assert_eq!(call.query("channel"), "EMAIL");
                world.opt_out(stars[0]);
                Reply::ok(&json!({"status": "COMPLETE", "results": []}))
            },
        ),
        (
            "GET",
            "/communication-preferences/2026-03/statuses/*/unsubscribe-all",
            |world, _, stars| {
                let wide = json!({"status": "UNSUBSCRIBED", "wideStatusType": "PORTAL_WIDE", "channel": "EMAIL"});
                let results = if world.is_out(stars[0]) {
                    vec![wide]
                } else {
                    vec![]
                };
                Reply::ok(&json!({"status": "COMPLETE", "results": results}))
            },
        ),
        (
            "POST",
            "/crm/v3/objects/contacts/search",
            |world, call, _| {
                let body = call.json();
                assert_eq!(
                    body["filterGroups"][0]["filters"][0]["propertyName"],
                    "hs_email_optout"
                );
                let from: usize = body["after"].as_str().map_or(0, |a| a.parse().unwrap());
                let limit = body["limit"].as_u64().unwrap().min(200) as usize;
                if from + limit > 10_000 {
                    return Reply::json(400, &json!({"message": "too far"}));
                }
                let row = |a: &&String| json!({"id": "1", "properties": {"email": a}});
                let rows: Vec<Value> = page(world.out.iter(), from, limit)
                    .iter()
                    .map(row)
                    .collect();
                match from + limit < world.out.len() {
                    true => Reply::ok(
                        &json!({"results": rows, "paging": {"next": {"after": (from + limit).to_string()}}}),
                    ),
                    false => Reply::ok(&json!({ "results": rows })),
                }
            },
        ),
        ("GET", "/account-info/v3/details", |_, _, _| {
            Reply::ok(&json!({"portalId": 1}))
        }),
        (
            "GET",
            "/communication-preferences/v3/definitions",
            |_, _, _| Reply::ok(&json!({"subscriptionDefinitions": []})),
        ),
    ],
};

// ---- Pipedrive

pub const PIPEDRIVE: Vendor = Vendor {
    preset: "pipedrive",
    with: &[],
    base: "",
    knocks: |call, key| call.header("x-api-token") == key,
    routes: &[
        ("GET", "/api/v2/persons/search", |world, call, _| {
            assert_eq!(
                [call.query("fields"), call.query("exact_match")],
                ["email", "true"]
            );
            let items: Vec<Value> = world
                .id(call.query("term"))
                .map(|id| json!({"item": {"id": id, "emails": [world.people[id - 1], "other@example.org"]}}))
                .into_iter()
                .collect();
            Reply::ok(&json!({"success": true, "data": {"items": items}}))
        }),
        ("PATCH", "/api/v2/persons/*", |world, call, stars| {
            let Some(address) = world.person(stars[0]) else {
                return missing();
            };
            match call.json()["marketing_status"].as_str() {
                Some("unsubscribed") => world.opt_out(&address),
                Some("subscribed") if !world.feigns => drop(world.out.remove(&address)),
                _ => {}
            }
            Reply::ok(&json!({"success": true, "data": {}}))
        }),
        ("GET", "/api/v2/persons/*", |world, _, stars| {
            let Some(address) = world.person(stars[0]) else {
                return missing();
            };
            let status = if world.is_out(&address) {
                "unsubscribed"
            } else {
                "subscribed"
            };
            Reply::ok(&json!({"success": true, "data": {"id": 1, "marketing_status": status}}))
        }),
        ("GET", "/api/v2/persons", |world, call, _| {
            let from: usize = call.query("cursor").parse().unwrap_or(0);
            let limit = number(call, "limit", 500, 100);
            let row = |p: &&String| {
                let status = if world.is_out(p) {
                    "unsubscribed"
                } else {
                    "subscribed"
                };
                json!({"emails": [{"value": p, "primary": true}], "marketing_status": status})
            };
            let rows: Vec<Value> = page(world.people.iter(), from, limit)
                .iter()
                .map(row)
                .collect();
            let next = (from + limit < world.people.len()).then(|| (from + limit).to_string());
            Reply::ok(
                &json!({"success": true, "data": rows, "additional_data": {"next_cursor": next}}),
            )
        }),
        ("GET", "/v1/users/me", |_, _, _| {
            Reply::ok(&json!({"success": true, "data": {"id": 1}}))
        }),
    ],
};

// ---- Brevo

pub const BREVO: Vendor = Vendor {
    preset: "brevo",
    with: &[],
    base: "/v3",
    knocks: |call, key| call.header("api-key") == key,
    routes: &[
        ("POST", "/contacts", |world, call, _| {
            let body = call.json();
            let address = body["email"].as_str().unwrap_or_default().to_lowercase();
            assert_eq!(body["updateEnabled"], true);
            let new = world.id(&address).is_none();
            if new {
                world.people.push(address.clone());
            }
            world.opt_out(&address);
            if new {
                Reply::json(201, &json!({"id": 1}))
            } else {
                Reply::empty(204)
            }
        }),
        ("GET", "/contacts/*", |world, _, stars| {
            match world.id(stars[0]) {
                Some(id) => Reply::ok(
                    &json!({"id": id, "email": stars[0], "emailBlacklisted": world.is_out(stars[0])}),
                ),
                None => missing(),
            }
        }),
        ("PUT", "/contacts/*", |world, call, stars| {
            if world.id(stars[0]).is_none() {
                return missing();
            }
            match call.json()["emailBlacklisted"] == true {
                true => world.opt_out(stars[0]),
                false => drop(world.out.remove(&stars[0].to_lowercase())),
            }
            Reply::empty(204)
        }),
        ("GET", "/contacts", |world, call, _| {
            let (offset, limit) = (
                number(call, "offset", usize::MAX, 0),
                number(call, "limit", 1000, 50),
            );
            let row =
                |p: &&String| json!({"email": p, "id": 1, "emailBlacklisted": world.is_out(p)});
            let rows: Vec<Value> = page(world.people.iter(), offset, limit)
                .iter()
                .map(row)
                .collect();
            Reply::ok(&json!({"contacts": rows, "count": world.people.len()}))
        }),
        ("GET", "/account", |_, _, _| {
            Reply::ok(&json!({"email": "us@example.com"}))
        }),
    ],
};

// ---- Mailchimp

pub const MAILCHIMP: Vendor = Vendor {
    preset: "mailchimp",
    with: &[("dc", "us21")],
    base: "/3.0",
    knocks: basic,
    routes: &[
        ("GET", "/lists", |world, call, _| {
            let lists = [json!({"id": "a1"}), json!({"id": "b2"})];
            let email = call.query("email");
            let known = email.is_empty() || world.id(email).is_some();
            let from = number(call, "offset", usize::MAX, 0);
            let shown: Vec<&Value> = lists
                .iter()
                .filter(|_| known)
                .skip(from)
                .take(number(call, "count", 1000, 10))
                .collect();
            Reply::ok(&json!({ "lists": shown }))
        }),
        ("PATCH", "/lists/*/members/*", |world, call, stars| {
            if world.id(stars[1]).is_none() {
                return missing();
            }
            let status = call.json()["status"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            match status.as_str() {
                "unsubscribed" => world.opt_out(stars[1]),
                // Who unsubscribed themselves (here: is paused as well) cannot be subscribed by anybody else.
                "subscribed" if world.paused.contains(stars[1]) => {
                    return Reply::json(
                        400,
                        &json!({"title": "Member In Compliance State", "detail": "cannot subscribe"}),
                    );
                }
                _ => drop(world.out.remove(stars[1])),
            }
            Reply::ok(&json!({"email_address": stars[1], "status": status}))
        }),
        ("GET", "/lists/*/members", |world, call, stars| {
            assert_eq!(call.query("status"), "unsubscribed");
            // All opt-outs are of the first audience.
            let all = world.out.iter().filter(|_| stars[0] == "a1");
            let rows = page(
                all,
                number(call, "offset", usize::MAX, 0),
                number(call, "count", 1000, 10),
            );
            let rows: Vec<Value> = rows
                .into_iter()
                .map(|a| json!({"email_address": a}))
                .collect();
            Reply::ok(&json!({ "members": rows }))
        }),
        ("GET", "/ping", |_, _, _| {
            Reply::ok(&json!({"health_status": "Everything's Chimpy!"}))
        }),
    ],
};

// ---- Apollo

pub const APOLLO: Vendor = Vendor {
    preset: "apollo",
    with: &[],
    base: "/api/v1",
    knocks: |call, key| call.header("x-api-key") == key,
    routes: &[
        ("GET", "/contact_stages", |_, _, _| {
            Reply::ok(
                &json!({"contact_stages": [{"id": "s0", "name": "Cold"}, {"id": "s1", "name": "Do Not Contact"}]}),
            )
        }),
        ("POST", "/contacts/search", |world, call, _| {
            let body = call.json();
            let (n, size) = (
                body["page"].as_u64().unwrap() as usize,
                body["per_page"].as_u64().unwrap().min(100) as usize,
            );
            // A search for words finds neighbours too: whoever does not compare stops the wrong people.
            let words = body["q_keywords"]
                .as_str()
                .map(|w| w.split('@').next().unwrap_or_default().to_lowercase());
            let found = |p: &&String| {
                words
                    .as_ref()
                    .is_none_or(|w| p.contains(w.split('.').next().unwrap_or_default()))
            };
            let rows: Vec<Value> = page(world.people.iter().filter(found), (n - 1) * size, size)
                .into_iter()
                .map(|p| json!({"id": world.id(p).unwrap().to_string(), "email": p, "email_unsubscribed": world.is_out(p)}))
                .collect();
            Reply::ok(&json!({ "contacts": rows }))
        }),
        ("POST", "/contacts/update_stages", |world, call, _| {
            assert_eq!(call.query("contact_stage_id"), "s1");
            let Some(address) = world.person(call.query("contact_ids[]")) else {
                return missing();
            };
            world.opt_out(&address);
            Reply::ok(&json!({"contacts": []}))
        }),
        ("GET", "/contacts/*", |world, _, stars| {
            match world.person(stars[0]) {
                Some(_) => Reply::ok(
                    &json!({"contact": {"id": stars[0], "emailer_campaign_ids": ["c1", "c2"]}}),
                ),
                None => missing(),
            }
        }),
        (
            "POST",
            "/emailer_campaigns/remove_or_stop_contact_ids",
            |world, call, _| {
                assert_eq!(call.query("mode"), "stop");
                assert!(call.query("emailer_campaign_ids[]").starts_with('c'));
                let Some(address) = world.person(call.query("contact_ids[]")) else {
                    return missing();
                };
                world.paused.insert(address);
                Reply::ok(&json!({"entity_progress_job": {"id": "j"}}))
            },
        ),
        ("GET", "/users/search", |_, _, _| {
            Reply::ok(&json!({"users": []}))
        }),
    ],
};
