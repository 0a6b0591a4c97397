//! IP addresses in patterns and events.
//!
//! The reference reads an address out of any string that looks like one, so that two spellings of one
//! address are equal. It does not read an IPv6 address with dots in it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::error::Problem;

/// Reads an address the way the reference does.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        if text.contains('.') {
            return None;
        }
        // An IPv4 address written as IPv6 is the IPv4 address.
        return Some(text.parse::<Ipv6Addr>().ok()?.to_canonical());
    }
    // Not the parser of the standard library: octets with leading zeros are decimal here.
    let mut octets = text.split('.').map(|octet| {
        let digits = octet.bytes().all(|byte| byte.is_ascii_digit());
        octet.parse::<u8>().ok().filter(|_| digits)
    });
    let mut next = || octets.next().flatten();
    let address = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    octets.next().is_none().then_some(IpAddr::V4(address))
}

/// Reads a range such as `10.0.0.0/8`. Bits after the prefix do not count. The reference refuses a range
/// of a single address.
pub(super) fn parse_range(text: &str) -> Result<IpNet, Problem> {
    let range = || {
        let (address, length) = text.split_once('/')?;
        let address = parse(address)?;
        let range = IpNet::new(address, length.parse().ok()?).ok()?;
        (range.prefix_len() < range.max_prefix_len()).then_some(range.trunc())
    };
    range().ok_or_else(|| Problem::Cidr(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let cases = [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.000.002.001", Some("192.0.2.1")),
            ("2001:DB8::1", Some("2001:db8::1")),
            ("::ffff:c000:201", Some("192.0.2.1")),
            ("::ffff:192.0.2.1", None),
            ("192.0.2", None),
            ("192.0.2.1.5", None),
            ("192.0.2.256", None),
            ("192.0.2.+1", None),
            ("", None),
            ("apigateway.amazonaws.com", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|address| address.parse().unwrap());
            assert_eq!(parse(text), expected, "`{text}`");
        }
    }

    #[test]
    fn ranges() {
        assert_eq!(
            parse_range("192.0.2.77/24"),
            Ok("192.0.2.0/24".parse().unwrap())
        );
        assert_eq!(
            parse_range("2001:db8::1/32"),
            Ok("2001:db8::/32".parse().unwrap())
        );
        for text in [
            "192.0.2.0",
            "192.0.2.0/32",
            "192.0.2.0/33",
            "2001:db8::/128",
            "192.0.2.0/-1",
            "192.0.2.0/8/8",
            "host/8",
            "/8",
            "192.0.2.0/",
        ] {
            assert_eq!(parse_range(text), Err(Problem::Cidr(text.to_owned())));
        }
    }
}
