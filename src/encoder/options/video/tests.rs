use super::plan::constant_rate_base;
use super::*;
use crate::error::ErrorKind;
use crate::mux::Container;

fn refused(options: VideoOptions, words: &[&str]) {
    let error = options.resolve(None).err().expect("has to be refused");
    assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
    words.iter().for_each(|word| assert!(error.to_string().contains(word), "{error} lacks {word}"));
}

#[test]
fn each_bad_value_is_named_with_what_is_allowed() {
    let options = || VideoOptions::new(64, 48);
    assert!(options().resolve(None).is_ok());
    refused(VideoOptions::new(0, 48), &["size", "0x48"]);
    refused(VideoOptions::new(16_384, 16_384), &["size"]);
    refused(options().out_size(16_385, 1), &["out_size"]);
    refused(options().crf(64), &["crf", "64", "0 to 63"]);
    refused(options().preset(11), &["preset", "11", "0 to 10"]);
    refused(options().bit_rate(999), &["bit_rate", "999"]);
    refused(options().crf(30).bit_rate(100_000), &["crf", "bit_rate"]);
    refused(options().keyframe_interval(0), &["keyframe_interval"]);
    refused(options().tiles(65), &["tiles", "65"]);
    refused(options().threads(257), &["threads"]);
    refused(options().parallel_groups(0), &["parallel_groups", "1 to 64"]);
    refused(options().parallel_groups(65), &["parallel_groups", "65"]);
    refused(options().group_bytes(1 << 19), &["group_bytes", "524288"]);
    refused(options().parallel_groups(2).bit_rate(100_000), &["parallel_groups", "crf"]);
    refused(options().parallel_groups(2).codec(VideoCodec::Raw), &["parallel_groups", "av1"]);
    refused(options().frame_rate(f64::NAN), &["frame_rate"]);
    refused(options().frame_rate(0), &["frame_rate"]);
    refused(options().frame_rate(FrameRate::new(u32::MAX, 1)), &["frame_rate"]);
    refused(options().frame_rate(FrameRate::new(1, u32::MAX)), &["frame_rate"]);
    refused(options().time_base(TimeBase::new(2, 25).unwrap()), &["time_base"]);
    refused(options().time_base(TimeBase::per_second(20)), &["frame_rate", "1/20"]);
    refused(options().time_base(TimeBase::NANOSECONDS).frame_rate(0.2), &["frame_rate", "ticks"]);
    refused(options().fit(Fit::Stretch), &["fit", "out_size"]);
    refused(options().extra_option("sharpness", "1"), &["sharpness", "av1"]);
    refused(options().codec(VideoCodec::Raw).alpha(true), &["alpha", "raw"]);
    refused(options().merge_repeats(true), &["merge_repeats", "time_base"]);
    let variable = options().time_base(TimeBase::MILLISECONDS).merge_repeats(true);
    assert!(variable.resolve(None).is_ok());
    refused(variable.alpha(true), &["merge_repeats", "alpha"]);
    let rgb = options().codec(VideoCodec::Raw).pixel_format(PixelFormat::Rgb).analysis(Analysis::Scenes);
    refused(rgb, &["analysis", "Scenes", "luma"]);
    refused(options().denoise(Denoise::Strength(11)), &["denoise", "11", "0 to 10"]);
    refused(
        options().codec(VideoCodec::Raw).pixel_format(PixelFormat::Rgb).denoise(Denoise::Auto),
        &["denoise", "rgb"],
    );
    let error = options().set("denoise", "11").unwrap_err().to_string();
    assert!(["`denoise`", "11", "0 to 10", "auto"].iter().all(|word| error.contains(word)), "{error}");
    refused(options().extra_option("scene_detection", "all"), &["scene_detection", "motion"]);
    let mjpeg = || options().codec(VideoCodec::Mjpeg);
    assert!(mjpeg().resolve(None).is_ok());
    refused(mjpeg().crf(20), &["crf", "mjpeg"]);
    refused(mjpeg().pixel_format(PixelFormat::Yuv420p10), &["pixel_format", "8 bits"]);
    refused(mjpeg().pixel_format(PixelFormat::Rgb), &["pixel_format", "rgb", "yuv420p"]);
    refused(mjpeg().color(Color::BT709), &["color", "jpeg"]);
    refused(options().codec(VideoCodec::Av1).pixel_format(PixelFormat::Rgba), &["pixel_format", "rgba", "yuv444p"]);
    assert!(options().pixel_format(PixelFormat::Rgba).resolve(None).is_ok());
    assert_eq!(mjpeg().resolve(Some(Container::Mp4)).err().unwrap().kind(), ErrorKind::Unsupported);
}

#[test]
fn what_the_containers_own_codec_takes_is_taken() {
    let quality = VideoOptions::new(64, 48).extra_option("quality", "80");
    assert!(quality.resolve(None).is_ok());
    assert_eq!(quality.resolve(Some(Container::Mov)).unwrap().codec, VideoCodec::Mjpeg);
    let error = quality.resolve(Some(Container::Mp4)).err().unwrap().to_string();
    assert!(error.contains("quality") && error.contains("av1 has"), "{error}");
    // No codec takes both.
    refused(quality.crf(20), &["quality", "av1"]);
}

#[test]
fn the_table_reaches_every_field_and_states_the_defaults() {
    let values = [
        "24000/1001",
        "1/1000",
        "mjpeg",
        "gray",
        "12",
        "3",
        "2.5M",
        "99",
        "4",
        "2",
        "3",
        "2097152",
        "bt709",
        "full",
        "true",
        "32x24",
        "stretch",
        "90",
        "16:11",
        "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
        "1000,400",
        "true",
        "true",
        "auto",
        "de",
        "Angle 2",
        "true",
        "true",
        "7",
    ];
    let defaults = VideoOptions::new(64, 48);
    for (info, value) in VideoOptions::table().zip(values) {
        let mut options = defaults.clone();
        options.set(info.name, value).unwrap();
        assert_ne!(options, defaults, "{} changed nothing", info.name);
        options.set(&info.name.replace('_', "-"), value).unwrap();
        let is_text = ["language", "title"].contains(&info.name);
        assert!(is_text || options.set(info.name, "?").is_err(), "{}", info.name);
    }
    assert_eq!(VideoOptions::table().count(), values.len());
    assert!(defaults.clone().set("sharpness", "1").is_err());
    for (text, bits) in [("800k", 800_000), ("2.5M", 2_500_000), ("64000", 64_000)] {
        assert_eq!(bit_rate("bit_rate", text).unwrap(), bits);
    }
    ["", "k", "-1", "1e99M", "NaN"].iter().for_each(|text| assert!(bit_rate("bit_rate", text).is_err()));
}

#[cfg(feature = "animation")]
#[test]
fn animations_are_of_red_green_and_blue() {
    for container in [Container::Gif, Container::Apng] {
        let plan = VideoOptions::new(64, 48).resolve(Some(container)).unwrap();
        assert_eq!((plan.codec, plan.target.format), (VideoCodec::Raw, PixelFormat::Rgba));
        let error =
            VideoOptions::new(64, 48).pixel_format(PixelFormat::Yuv420p).resolve(Some(container)).err().unwrap();
        assert!(error.to_string().contains("rgba, rgb"), "{error}");
    }
}

#[test]
fn constant_rates_fall_on_ticks() {
    for (rate, ticks) in
        [(FrameRate::from(30), 15_360), (29.97.into(), 30_000), (25.into(), 12_800), (0.5.into(), 16_384)]
    {
        assert_eq!(constant_rate_base(rate).unwrap(), TimeBase::per_second(ticks));
    }
}
