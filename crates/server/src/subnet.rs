//! Subnets as configuration and policies write them: an address, or an address with the length of its prefix.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};

/// A subnet: `10.1.0.0/16`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    address: IpAddr,
    prefix_bits: u8,
}

impl Subnet {
    /// Does the address belong to it? An IPv4 address that came in an IPv6 one counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => same_prefix(
                network.to_bits().into(),
                address.to_bits().into(),
                self.prefix_bits,
                32,
            ),
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same_prefix(network.to_bits(), address.to_bits(), self.prefix_bits, 128)
            }
            _ => false,
        }
    }
}

/// Are the first `prefix` of `width` bits equal?
fn same_prefix(network: u128, address: u128, prefix: u8, width: u8) -> bool {
    prefix == 0 || (network ^ address) >> (width - prefix) == 0
}

impl FromStr for Subnet {
    type Err = BadSubnet;

    fn from_str(text: &str) -> Result<Self, BadSubnet> {
        let bad = || BadSubnet(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| bad())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = prefix.unwrap_or(width);
        if prefix_bits > width {
            return Err(bad());
        }
        Ok(Self { address, prefix_bits })
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_bits)
    }
}

impl<'de> Deserialize<'de> for Subnet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// The text is no subnet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no subnet: write an address, or one with its prefix, such as 10.1.0.0/16")]
pub struct BadSubnet(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, inside: &[&str], outside: &[&str]) {
        let network: Subnet = network.parse().unwrap();
        for address in inside {
            assert!(
                network.contains(address.parse().unwrap()),
                "{network} has {address}"
            );
        }
        for address in outside {
            assert!(
                !network.contains(address.parse().unwrap()),
                "{network} has not {address}"
            );
        }
    }

    #[test]
    fn prefixes_decide() {
        check(
            "10.1.0.0/16",
            &["10.1.0.0", "10.1.255.255"],
            &["10.2.0.0", "::1", "10.0.255.255"],
        );
        check("127.0.0.1", &["127.0.0.1", "::ffff:127.0.0.1"], &["127.0.0.2"]);
        check("0.0.0.0/0", &["1.2.3.4"], &["2001:db8::1"]);
        check("fd00::/8", &["fd12::1"], &["fe80::1", "10.1.1.1"]);
        check("::/0", &["::1"], &["1.2.3.4"]);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "10.1.0.0/33",
            "10.1.0.0/-1",
            "10.1.0/8",
            "fd00::/129",
            "10.1.0.0/",
            "/8",
            "x/1",
        ] {
            assert_eq!(text.parse::<Subnet>(), Err(BadSubnet(text.into())));
        }
    }
}
