//! Pictures with more light than a screen has: brought down to what it can show.
//!
//! White paper stays as bright as it is, and what is brighter is pressed together towards the screen's white, so that a
//! lamp keeps a shape. Colours keep their hue.

use super::{order::Cicp, samples::byte};

/// Code points of transfer functions (ITU-T H.273 table 3).
const PQ: u16 = 16;
const HLG: u16 = 18;
/// Code points of primaries.
const BT709: u16 = 1;
const DISPLAY_P3: u16 = 12;

/// How bright white paper is, in candela per square metre (ITU-R BT.2408).
const PAPER: f32 = 203.0;
/// How bright the brightest is that PQ can say, and what HLG's brightest is on a usual screen.
const PQ_PEAK: f32 = 10_000.0;
const HLG_PEAK: f32 = 1_000.0;
/// From here on, as a share of white paper, light is pressed together.
const KNEE: f32 = 0.6;
/// In so many steps the curves are kept.
const STEPS: usize = 4096;

/// What brings one picture down.
pub(super) struct Hdr {
    /// Light for each coded value, white paper being 1.
    light: Vec<f32>,
    is_hlg: bool,
    /// Linear red, green and blue to those of sRGB.
    to_srgb: [[f32; 3]; 3],
    /// sRGB's code for light.
    code: Vec<f32>,
}

impl Hdr {
    /// For a picture that says it has such light; `None` for any other.
    pub(super) fn of(coded: Cicp) -> Option<Self> {
        let decode: fn(f32) -> f32 = match coded.transfer {
            PQ => |code| pq(code) * PQ_PEAK / PAPER,
            HLG => hlg,
            _ => return None,
        };
        let to_srgb = match coded.primaries {
            BT709 => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            DISPLAY_P3 => [
                [1.2249, -0.2247, 0.0],
                [-0.0420, 1.0419, 0.0],
                [-0.0197, -0.0786, 1.0979],
            ],
            _ => [
                [1.6605, -0.5876, -0.0728],
                [-0.1246, 1.1329, -0.0083],
                [-0.0182, -0.1006, 1.1187],
            ],
        };
        let table = |curve: &dyn Fn(f32) -> f32| {
            (0..=STEPS)
                .map(|step| curve(step as f32 / STEPS as f32))
                .collect()
        };
        Some(Self {
            light: table(&decode),
            is_hlg: coded.transfer == HLG,
            to_srgb,
            code: table(&srgb),
        })
    }

    pub(super) fn to_srgb(&self, rgb: [f32; 3]) -> [u8; 3] {
        let mut light = rgb.map(|code| look_up(&self.light, code));
        if self.is_hlg {
            // A screen shows the whole the steeper, the brighter it can be (ITU-R BT.2100, table 5).
            let [red, green, blue] = light;
            let whole = 0.2627 * red + 0.6780 * green + 0.0593 * blue;
            let gain = whole.max(1e-6).powf(0.2) * HLG_PEAK / PAPER;
            light = light.map(|part| part * gain);
        }
        let light = self.to_srgb.map(|row| {
            let part = row[0] * light[0] + row[1] * light[1] + row[2] * light[2];
            part.max(0.0)
        });
        let brightest = light[0].max(light[1]).max(light[2]);
        let gain = if brightest > KNEE {
            pressed(brightest) / brightest
        } else {
            1.0
        };
        light.map(|part| byte(look_up(&self.code, part * gain) * 255.0))
    }
}

/// Light above the knee, towards 1 without ever coming there.
fn pressed(light: f32) -> f32 {
    let room = 1.0 - KNEE;
    KNEE + room * (1.0 - (-(light - KNEE) / room).exp())
}

fn look_up(table: &[f32], value: f32) -> f32 {
    let step = (value.clamp(0.0, 1.0) * STEPS as f32 + 0.5) as usize;
    table.get(step).copied().unwrap_or(1.0)
}

/// Light from 0 to 1 of SMPTE ST 2084's code.
fn pq(code: f32) -> f32 {
    const M1: f32 = 2610.0 / 16384.0;
    const M2: f32 = 2523.0 / 4096.0 * 128.0;
    const C1: f32 = 3424.0 / 4096.0;
    const C2: f32 = 2413.0 / 4096.0 * 32.0;
    const C3: f32 = 2392.0 / 4096.0 * 32.0;
    let root = code.powf(1.0 / M2);
    ((root - C1).max(0.0) / (C2 - C3 * root)).powf(1.0 / M1)
}

/// Light of the scene from 0 to 1 of ARIB STD-B67's code.
fn hlg(code: f32) -> f32 {
    const A: f32 = 0.178_832_77;
    const B: f32 = 1.0 - 4.0 * A;
    const C: f32 = 0.559_910_7;
    if code <= 0.5 {
        code * code / 3.0
    } else {
        (((code - C) / A).exp() + B) / 12.0
    }
}

/// sRGB's code of light (IEC 61966-2-1).
fn srgb(light: f32) -> f32 {
    if light <= 0.003_130_8 {
        light * 12.92
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(transfer: u16, code: f32) -> u8 {
        let coded = Cicp {
            primaries: 9,
            transfer,
            matrix: 9,
            is_full: None,
        };
        let [red, green, blue] = Hdr::of(coded).unwrap().to_srgb([code; 3]);
        assert!(red.abs_diff(green) <= 1 && green.abs_diff(blue) <= 1);
        green
    }

    #[test]
    fn black_stays_black_paper_is_bright_and_lamps_are_brighter() {
        for (transfer, paper) in [(PQ, 0.58), (HLG, 0.75)] {
            assert_eq!(shown(transfer, 0.0), 0);
            let bright = shown(transfer, paper);
            assert!((200..=240).contains(&bright), "{transfer}: {bright}");
            assert!(shown(transfer, 1.0) >= 250);
            let mut last = 0;
            for step in 0..=100 {
                let now = shown(transfer, step as f32 / 100.0);
                assert!(now >= last, "{transfer} at {step}: {now} after {last}");
                last = now;
            }
        }
    }

    #[test]
    fn ordinary_pictures_are_none_of_these() {
        for transfer in [1, 2, 13, 14] {
            let coded = Cicp {
                primaries: 9,
                transfer,
                matrix: 9,
                is_full: None,
            };
            assert!(Hdr::of(coded).is_none());
        }
    }
}
