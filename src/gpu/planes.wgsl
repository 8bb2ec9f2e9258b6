// Luma in three sizes, four samples a word, with room around each plane as in `motion/pyramid.rs`: what lies there are
// copies of the edge, so that no one who reads has to look where a plane ends. `BEFORE` and `BEHIND` are put before this.

struct Params {
    // Of the full, half and quarter plane: the word of the room's corner, words from row to row, width, height.
    planes: array<vec4<i32>, 3>,
    // The first words of what is found at levels 1, 4, 5 and 2.
    parts: vec4<u32>,
    // That of level 3, whether there is a field of the picture before, words from row to row of the source, and the first
    // word of the costs.
    more: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;

// The word that has sample (x, y), which may lie in the room around.
fn word_of(plane: vec4<i32>, x: i32, y: i32) -> u32 {
    return u32(plane.x + (y + BEFORE) * plane.y + ((x + BEFORE) >> 2u));
}

fn rows_of(plane: vec4<i32>) -> i32 {
    return plane.w + BEFORE + BEHIND;
}

// The first word behind the planes: what is known of the picture's light.
fn light() -> u32 {
    let plane = params.planes[2];
    return u32(plane.x + rows_of(plane) * plane.y);
}

fn unpacked(word: u32) -> vec4<i32> {
    return vec4<i32>((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u));
}

// Four samples from bit `shift` of `low` on, which go on in `high`. Of 0 to 24 bits, none is a shift by 32.
fn joined(low: u32, high: u32, shift: u32) -> u32 {
    return (low >> shift) | ((high << 1u) << (31u - shift));
}
