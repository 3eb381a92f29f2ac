//! The formats that are told apart.

use safelight_core::MediaKind;

/// What a file's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG (ISO/IEC 10918).
    Jpeg,
    /// HEIF with HEVC pictures, what iPhones write.
    Heic,
    /// HEIF with other pictures, or none that is declared.
    Heif,
    /// HEIF with AV1 pictures.
    Avif,
    /// PNG.
    Png,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
    /// TIFF, and raw formats based on it that are not told apart.
    Tiff,
    /// Adobe's Digital Negative.
    Dng,
    /// Canon raw of the second generation.
    Cr2,
    /// Nikon raw.
    Nef,
    /// Sony raw.
    Arw,
    /// Olympus raw.
    Orf,
    /// Panasonic raw.
    Rw2,
    /// Fujifilm raw.
    Raf,
    /// Canon raw of the third generation.
    Cr3,
    /// JPEG XL, bare or in its container.
    Jxl,
    /// MPEG-4.
    Mp4,
    /// QuickTime.
    Mov,
    /// Apple's MPEG-4 with video.
    M4v,
    /// 3GPP and 3GPP2.
    ThreeGp,
    /// Matroska.
    Mkv,
    /// WebM.
    WebM,
    /// MPEG-2 transport stream, what AVCHD cameras write.
    MpegTs,
    /// AVI.
    Avi,
    /// Anything else.
    Other,
}

impl Format {
    /// Whether it is a still or a moving picture. Animations in picture formats count as still ones.
    #[must_use]
    pub const fn kind(self) -> MediaKind {
        match self {
            Self::Jpeg
            | Self::Heic
            | Self::Heif
            | Self::Avif
            | Self::Png
            | Self::WebP
            | Self::Gif
            | Self::Tiff
            | Self::Dng
            | Self::Cr2
            | Self::Nef
            | Self::Arw
            | Self::Orf
            | Self::Rw2
            | Self::Raf
            | Self::Cr3
            | Self::Jxl => MediaKind::Photo,
            Self::Mp4
            | Self::Mov
            | Self::M4v
            | Self::ThreeGp
            | Self::Mkv
            | Self::WebM
            | Self::MpegTs
            | Self::Avi => MediaKind::Video,
            Self::Other => MediaKind::Other,
        }
    }

    /// The media type for `Content-Type`.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Heic => "image/heic",
            Self::Heif => "image/heif",
            Self::Avif => "image/avif",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Tiff => "image/tiff",
            Self::Dng => "image/x-adobe-dng",
            Self::Cr2 => "image/x-canon-cr2",
            Self::Nef => "image/x-nikon-nef",
            Self::Arw => "image/x-sony-arw",
            Self::Orf => "image/x-olympus-orf",
            Self::Rw2 => "image/x-panasonic-rw2",
            Self::Raf => "image/x-fujifilm-raf",
            Self::Cr3 => "image/x-canon-cr3",
            Self::Jxl => "image/jxl",
            Self::Mp4 => "video/mp4",
            Self::Mov => "video/quicktime",
            Self::M4v => "video/x-m4v",
            Self::ThreeGp => "video/3gpp",
            Self::Mkv => "video/x-matroska",
            Self::WebM => "video/webm",
            Self::MpegTs => "video/mp2t",
            Self::Avi => "video/x-msvideo",
            Self::Other => "application/octet-stream",
        }
    }

    /// Whether an extension (in lower case) is that of other formats than this one. Extensions that no format here has
    /// say nothing.
    pub(crate) fn is_called_otherwise(self, extension: &str) -> bool {
        let formats = Self::called(extension);
        !formats.is_empty() && !formats.contains(&self)
    }

    /// Whether a file has the name of a photo or a video, whatever is in it.
    #[must_use]
    pub fn is_promised_by(name: &str) -> bool {
        name.rsplit_once('.')
            .is_some_and(|(_, extension)| !Self::called(&extension.to_ascii_lowercase()).is_empty())
    }

    /// The formats whose files have an extension (in lower case).
    fn called(extension: &str) -> &'static [Self] {
        match extension {
            "jpg" | "jpeg" | "jpe" => &[Self::Jpeg],
            "heic" | "heif" | "hif" => &[Self::Heic, Self::Heif, Self::Avif],
            "avif" => &[Self::Avif],
            "png" => &[Self::Png],
            "webp" => &[Self::WebP],
            "gif" => &[Self::Gif],
            "tif" | "tiff" => &[Self::Tiff],
            "dng" => &[Self::Dng],
            "cr2" => &[Self::Cr2],
            "nef" => &[Self::Nef],
            "arw" => &[Self::Arw],
            "orf" => &[Self::Orf],
            "rw2" => &[Self::Rw2],
            "raf" => &[Self::Raf],
            "cr3" => &[Self::Cr3],
            "jxl" => &[Self::Jxl],
            "mp4" => &[Self::Mp4, Self::M4v, Self::ThreeGp],
            "m4v" => &[Self::M4v, Self::Mp4],
            "mov" | "qt" => &[Self::Mov],
            "3gp" | "3g2" => &[Self::ThreeGp, Self::Mp4],
            "mkv" => &[Self::Mkv],
            "webm" => &[Self::WebM],
            "mts" | "m2ts" => &[Self::MpegTs],
            "avi" => &[Self::Avi],
            _ => &[],
        }
    }
}
