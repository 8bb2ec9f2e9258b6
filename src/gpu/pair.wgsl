// A picture, the one before it, and what is found: what every level of the search goes by.

@group(0) @binding(1) var<storage, read> current: array<u32>;
@group(0) @binding(2) var<storage, read> before: array<u32>;
// The vectors of the blocks of 16x16 of the field of the picture before.
@group(0) @binding(3) var<storage, read> last: array<u32>;
@group(0) @binding(4) var<storage, read_write> field: array<u32>;

// A vector is a word: x in the low half, y in the high one.
fn to_word(vector: vec2<i32>) -> u32 {
    return (u32(vector.x) & 0xffffu) | (u32(vector.y) << 16u);
}

fn to_vector(word: u32) -> vec2<i32> {
    return vec2<i32>((i32(word) << 16u) >> 16u, i32(word) >> 16u);
}

fn total(sums: vec4<i32>) -> u32 {
    return u32(sums.x + sums.y + sums.z + sums.w);
}
