//! Which ciphers are offered, in which order: what the partner's settings say, else those that this processor does best.
//!
//! Every cipher of the library stays on offer, so nobody is refused who would be served otherwise. It never weakens
//! anything: the two kinds that change places are both authenticated and both held to be sound.

use super::settings::SftpSettings;
use crate::error::{Error, ErrorKind, Result};
use ssh2::{MethodType, Session};

/// To be called before the key exchange.
pub(super) fn prefer(session: &Session, settings: &SftpSettings) -> Result<()> {
    let ours;
    let ciphers = match &settings.ciphers {
        Some(ciphers) => ciphers,
        None if has_aes_instructions() => {
            let known = session.supported_algs(MethodType::CryptCs).map_err(|e| failed(settings, &e))?;
            ours = aes_gcm_first(&known).join(",");
            &ours
        }
        None => return Ok(()),
    };
    for direction in [MethodType::CryptCs, MethodType::CryptSc] {
        session.method_pref(direction, ciphers).map_err(|e| failed(settings, &e))?;
    }
    Ok(())
}

fn failed(settings: &SftpSettings, e: &ssh2::Error) -> Error {
    Error::new(ErrorKind::Unreachable, format!("choosing ciphers for {}: {}", settings.describe(), e.message()))
}

/// The library has ChaCha20-Poly1305 first, whose C code costs several times what AES-GCM does in hardware. The shorter
/// key first, as both are beyond reach and it is faster.
fn aes_gcm_first<'n>(known: &[&'n str]) -> Vec<&'n str> {
    let rank = |name: &str| match name {
        "aes128-gcm@openssh.com" => 0,
        "aes256-gcm@openssh.com" => 1,
        _ => 2,
    };
    let mut ordered = known.to_vec();
    ordered.sort_by_key(|name| rank(name));
    ordered
}

/// Whether AES and the multiplication that GCM needs are instructions of this processor.
fn has_aes_instructions() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("aes") && std::arch::is_aarch64_feature_detected!("pmull");
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aes_gcm_comes_first_and_nothing_is_lost() {
        let known = ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr"];
        let wanted =
            ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"];
        assert_eq!(aes_gcm_first(&known), wanted);
        assert_eq!(aes_gcm_first(&["3des-cbc", "aes128-cbc"]), ["3des-cbc", "aes128-cbc"]);
        let session = Session::new().unwrap();
        let ours = session.supported_algs(MethodType::CryptCs).unwrap();
        assert_eq!(aes_gcm_first(&ours).first(), Some(&"aes128-gcm@openssh.com"), "{ours:?}");
    }
}
