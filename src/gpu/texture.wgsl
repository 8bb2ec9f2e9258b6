// Pixels in a texture of 8 bits a channel. What its view gives as R is R, whatever the order in memory.

@group(0) @binding(2) var source: texture_2d<f32>;

fn pixel(x: u32, y: u32) -> vec3<i32> {
    let sample = textureLoad(source, vec2<i32>(i32(x), i32(y)), 0);
    // A byte over 255 comes as the float nearest to it: this is the byte again.
    let bytes = vec4<u32>(round(sample * 255.0));
    return composed(bytes.xyz, bytes.w);
}
