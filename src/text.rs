//! Numbers as text, without the formatting of the standard library: that is several times the code.

/// A number in decimal.
pub fn decimal(number: u64) -> String {
    digits(number, 10, 1)
}

/// A number in digits of that radix, at most 16, with zeros in front up to that width.
pub fn digits(number: u64, radix: u8, width: usize) -> String {
    let (mut rest, mut reversed) = (number, Vec::new());
    while rest > 0 || reversed.len() < width {
        let digit = u8::try_from(rest % u64::from(radix)).unwrap_or_default();
        reversed.push(digit + if digit < 10 { b'0' } else { b'a' - 10 });
        rest /= u64::from(radix);
    }
    reversed.into_iter().rev().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_standard_library(number: u64, shift in 0_u32..64) {
            let number = number >> shift;
            prop_assert_eq!(decimal(number), number.to_string());
            prop_assert_eq!(digits(number, 10, 6), format!("{number:06}"));
            prop_assert_eq!(digits(number, 16, 16), format!("{number:016x}"));
        }
    }

    #[test]
    fn zero_has_a_digit() {
        assert_eq!(decimal(0), "0");
    }
}
