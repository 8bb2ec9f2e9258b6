// Pixels in a buffer: packed, or in planes that lie one behind the other.

@group(0) @binding(2) var<storage, read> source: array<u32>;

fn byte(at: u32) -> u32 {
    return (source[at >> 2u] >> ((at & 3u) * 8u)) & 255u;
}

fn pixel(x: u32, y: u32) -> vec3<i32> {
    let at = y * params.step.y + x * params.step.x;
    let first = params.first;
    if params.step.x == 4u {
        // One word, read once.
        let word = vec4<u32>(source[at >> 2u]);
        let samples = (word >> (first * 8u)) & vec4<u32>(255u);
        return composed(samples.xyz, samples.w);
    }
    let rgb = vec3<u32>(byte(at + first.x), byte(at + first.y), byte(at + first.z));
    if params.step.z != 0u {
        return composed(rgb, byte(at + first.w));
    }
    return vec3<i32>(rgb);
}
