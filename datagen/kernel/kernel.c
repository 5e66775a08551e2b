/* One line of text from glyphs to pixels, in whole numbers but for the positions: the same bytes as the Python path
   and as every other build of this file. Positions are single-precision sums, quotients and products, which IEEE defines to the bit as
   long as the compiler contracts nothing (-ffp-contract=off). */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__AVX512BW__)
#include <immintrin.h>
typedef __m512i Vector;
#define OP(name) _mm512_##name
#define LOAD(at) _mm512_loadu_si512((const void *)(at))
#define STORE(at, value) _mm512_storeu_si512((void *)(at), value)
#define ZERO _mm512_setzero_si512()
#define XOR _mm512_xor_si512
#define AND _mm512_and_si512
#define STORE_HALF(at, value)                  \
    _mm256_storeu_si256((__m256i *)(at),       \
                        _mm512_castsi512_si256(_mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 0, 2, 4, 6), value)))
#elif defined(__AVX2__)
#include <immintrin.h>
typedef __m256i Vector;
#define OP(name) _mm256_##name
#define LOAD(at) _mm256_loadu_si256((const Vector *)(at))
#define STORE(at, value) _mm256_storeu_si256((Vector *)(at), value)
#define ZERO _mm256_setzero_si256()
#define XOR _mm256_xor_si256
#define AND _mm256_and_si256
#define STORE_HALF(at, value) \
    _mm_storeu_si128((__m128i *)(at), _mm256_castsi256_si128(_mm256_permute4x64_epi64(value, 8)))
#elif defined(__SSE2__)
#include <emmintrin.h>
typedef __m128i Vector;
#define OP(name) _mm_##name
#define LOAD(at) _mm_loadu_si128((const Vector *)(at))
#define STORE(at, value) _mm_storeu_si128((Vector *)(at), value)
#define ZERO _mm_setzero_si128()
#define XOR _mm_xor_si128
#define AND _mm_and_si128
#define STORE_HALF(at, value) _mm_storel_epi64((__m128i *)(at), value)
#endif
#if defined(__GNUC__)
#define FETCH(at) __builtin_prefetch(at)
#else
#define FETCH(at) ((void)(at))
#endif

#define MOST_TAPS 16 /* of one half of a blur: the middle and one side */
#define FARTHEST 30000.0 /* px of the mask */
#define SIDE 2       /* px of nothing around a mask: whatever lies outside reads as blank */
#define BLOCK 16     /* bytes: rows of glyphs are filled up to whole blocks */
#define CLEAR 64     /* of 255: a small mark with a pixel so strong is not wiped out */
#define SLACK 64     /* bytes behind every buffer, so that whole vectors may be written */

typedef struct {
    const uint8_t *ink; /* rows of `stride` bytes, blank behind the width */
    int32_t width, height, left, top, stride, unused;
} Glyph;

typedef struct {
    int32_t radius;
    int32_t weights[MOST_TAPS]; /* middle first, of 256 together */
} Blur;

typedef struct {
    int32_t opacity; /* of 256 */
    int32_t colour[3];
} Paint;

typedef struct {
    const void *planes;
    const uint8_t *noise;
    double inverse[9];
    double least;       /* squares over the sum of what is seen: ink with less is refused */
    int32_t glyphs, marks, mask_width, mask_height, width, height;
    int32_t behind;     /* 0: `paper` everywhere, 1: bytes in planes, 2: 16-bit levels in planes */
    int32_t row, plane; /* steps of `planes`, in levels */
    int32_t paper[3];
    int32_t toned, gain, grain, shift; /* (gain * level + grain * noise + shift) >> 10 */
    int32_t reach;                     /* px, half of a narrow gap */
    int32_t shadow, dx, dy;
    int32_t outline;                   /* radius, 0: none */
    Paint ink, shade, rim;
    Blur lens, soft;
    int32_t spans[17]; /* of the outline's disc: half widths from its top row to its bottom row, -1: none */
} Job;

typedef struct {
    int64_t whole, seen, squares; /* sums over the ink, and over it and its squares once seen through the lens */
    int64_t weakest;              /* the least of the small marks' strongest pixels, 255 without marks */
    int64_t strokes, grown, beside, in_strokes, in_grown, in_beside;
} Sums;

typedef struct {
    char *data;
    size_t size, used;
} Arena;

static void *take(Arena *arena, size_t bytes) {
    void *found = arena->data + arena->used;
    arena->used += (bytes + SLACK + 63) & ~(size_t)63;
    return found;
}

static size_t room(const Job *job) {
    size_t ends = 5 * (size_t)job->reach * job->height;
    size_t mask = (size_t)(job->mask_width + 2 * SIDE) * (job->mask_height + 2 * SIDE);
    size_t pixels = (size_t)job->width * job->height;
    return ends + 4 * mask + 32 * pixels + 256 * (size_t)job->width + 64 * SLACK + 4096;
}

static void add_ink(const uint8_t *restrict from, int wide, int high, uint8_t *restrict to, int stride) {
    for (int i = 0; i < high; i++, to += stride, from += wide)
        for (int j = 0; j < wide; j += BLOCK)
            for (int b = j; b < j + BLOCK; b++)
                to[b] = to[b] > from[b] ? to[b] : from[b];
}

/* Rows are copied in blocks; what is blank changes nothing, not even at the beginning of the next row. */
static int set_glyphs(const Job *job, const Glyph *const *glyphs, const int32_t *xs, const int32_t *ys, uint8_t *mask,
                      int stride) {
    for (int k = 0; k < job->glyphs; k++)
        for (int i = 0; i < glyphs[k]->stride * glyphs[k]->height; i += 64)
            FETCH(glyphs[k]->ink + i);
    for (int k = 0; k < job->glyphs; k++) {
        const Glyph *glyph = glyphs[k];
        if (!glyph->width)
            continue;
        int x = xs[k] + glyph->left, y = ys[k] - glyph->top;
        if (x < 0 || y < 0 || x + glyph->width > job->mask_width || y + glyph->height > job->mask_height)
            return 0;
        add_ink(glyph->ink, glyph->stride, glyph->height, mask + (size_t)(y + SIDE) * stride + x + SIDE, stride);
    }
    return 1;
}

/* Whether all corners of the picture come from before the mask's plane, and not from far away. */
static int near(const Job *job) {
    const double *m = job->inverse;
    for (int corner = 0; corner < 4; corner++) {
        double x = corner & 1 ? job->width : 0, y = corner & 2 ? job->height : 0, seen[3];
        for (int k = 0; k < 3; k++)
            seen[k] = m[3 * k] * x + m[3 * k + 1] * y + m[3 * k + 2];
        double most = FARTHEST * seen[2];
        if (!(seen[2] > 0 && seen[0] < most && seen[0] > -most && seen[1] < most && seen[1] > -most))
            return 0;
    }
    return 1;
}

static inline int32_t nearest(float value) { /* half to even; |value| below 2^22 */
    return (int32_t)((value + 12582912.0f) - 12582912.0f);
}

/* Each pixel of the mask with the one below it: two neighbours of these are all that one position needs. */
static void pair_rows(const uint8_t *mask, int stride, int rows, uint16_t *restrict pairs) {
    size_t count = (size_t)stride * (rows - 1);
    for (size_t i = 0; i < count; i++)
        pairs[i] = (uint16_t)(mask[i] | mask[i + stride] << 8);
}

static void look_up(const uint16_t *pairs, const int32_t *at, int count, uint32_t *four) {
    for (int x = 0; x < count; x++)
        memcpy(four + x, pairs + at[x], 4);
}

/* Photos and noise are rarely in the processor's caches: what a row needs later is asked for while others are warped. */
static void fetch_row(const Job *job, int y) {
    size_t width = (size_t)job->width;
    if (job->behind == 1)
        for (int c = 0; c < 3; c++)
            for (size_t x = 0; x < width + 63; x += 64)
                FETCH((const uint8_t *)job->planes + (size_t)c * job->plane + (size_t)y * job->row + x);
    if (job->noise)
        for (size_t x = 0; x < 3 * width; x += 64)
            FETCH(job->noise + 3 * width * y + x);
}

static void warp(const Job *job, const uint8_t *mask, int stride, uint8_t *seen, Arena *arena) {
    int width = job->width, high = job->mask_height, wide = job->mask_width;
    const double *m = job->inverse;
    uint16_t *pairs = take(arena, 2 * (size_t)stride * (high + 2 * SIDE));
    float *rows = take(arena, 3 * sizeof(float) * (size_t)width);
    int32_t *at = take(arena, sizeof(int32_t) * (size_t)width);
    uint32_t *fx = take(arena, 4 * (size_t)width), *fy = take(arena, 4 * (size_t)width);
    uint32_t *four = take(arena, 4 * (size_t)width);
    pair_rows(mask, stride, high + 2 * SIDE, pairs);
    for (int k = 0; k < 3; k++)
        for (int x = 0; x < width; x++)
            rows[k * width + x] = (float)(m[3 * k] * x);
    const float *rx = rows, *ry = rows + width, *rw = rows + 2 * width;
    for (int y = 0; y < job->height; y++) {
        fetch_row(job, y);
        float column[3];
        for (int k = 0; k < 3; k++)
            column[k] = (float)(m[3 * k + 1] * y + m[3 * k + 2]);
        for (int x = 0; x < width; x++) {
            float w = 1.0f / (rw[x] + column[2]);
            int32_t u = nearest((rx[x] + column[0]) * w * 32.0f), v = nearest((ry[x] + column[1]) * w * 32.0f);
            int32_t ix = u >> 5, iy = v >> 5;
            ix = ix < -SIDE ? -SIDE : ix > wide ? wide : ix;
            iy = iy < -SIDE ? -SIDE : iy > high ? high : iy;
            at[x] = (iy + SIDE) * stride + ix + SIDE;
            fx[x] = (uint32_t)u & 31;
            fy[x] = (uint32_t)v & 31;
        }
        look_up(pairs, at, width, four);
        uint8_t *out = seen + (size_t)y * width;
        for (int x = 0; x < width; x++) { /* both columns at a time, in halves of a word */
            uint32_t both = (four[x] & 0xff00ff) * (32 - fy[x]) + (four[x] >> 8 & 0xff00ff) * fy[x];
            out[x] = (uint8_t)(((both & 0xffff) * (32 - fx[x]) + (both >> 16) * fx[x] + 512) >> 10);
        }
    }
}

/* Sums of a row's neighbours `step` bytes apart, mirrored at the ends without repeating them. */
static void blur_row(const uint8_t *padded, int count, int step, const Blur *blur, uint16_t *restrict out) {
    const uint8_t *middle = padded + (size_t)blur->radius * step;
    const uint16_t w0 = (uint16_t)blur->weights[0], w1 = (uint16_t)blur->weights[1];
    if (blur->radius == 1) {
        const uint8_t *a = middle - step, *b = middle + step;
        for (int x = 0; x < count; x++)
            out[x] = (uint16_t)(w0 * middle[x] + w1 * (uint16_t)(a[x] + b[x]));
        return;
    }
    const uint16_t w2 = (uint16_t)blur->weights[2];
    const uint8_t *a = middle - step, *b = middle + step, *c = middle - 2 * step, *d = middle + 2 * step;
    for (int x = 0; x < count; x++)
        out[x] = (uint16_t)(w0 * middle[x] + w1 * (uint16_t)(a[x] + b[x]) + w2 * (uint16_t)(c[x] + d[x]));
    for (int k = 3; k <= blur->radius; k++) {
        const uint16_t w = (uint16_t)blur->weights[k];
        a = middle - k * step, b = middle + k * step;
        for (int x = 0; x < count; x++)
            out[x] = (uint16_t)(out[x] + w * (uint16_t)(a[x] + b[x]));
    }
}

static int mirrored(int y, int height) {
    while (y < 0 || y >= height)
        y = y < 0 ? -y : 2 * (height - 1) - y;
    return y;
}

static inline uint8_t clipped(int32_t v) {
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Writes whole vectors: up to SLACK bytes more than `count`. */
static void blur_columns(uint16_t *const *rows, int count, const Blur *blur, uint8_t *restrict out) {
    int radius = blur->radius;
#if defined(OP)
    /* Products of signed words, so the words are moved by 2^15; all weights make 2^8. */
    const Vector sign = OP(set1_epi16)((short)0x8000), half = OP(set1_epi32)((1 << 23) + (1 << 15));
    const int each = sizeof(Vector) / 2;
    for (int x = 0; x < count; x += each) {
        Vector weight = OP(set1_epi32)(blur->weights[0]), middle = XOR(sign, LOAD(rows[radius] + x));
        Vector low = OP(add_epi32)(half, OP(madd_epi16)(weight, OP(unpacklo_epi16)(middle, ZERO)));
        Vector high = OP(add_epi32)(half, OP(madd_epi16)(weight, OP(unpackhi_epi16)(middle, ZERO)));
        for (int k = 1; k <= radius; k++) {
            Vector a = XOR(sign, LOAD(rows[radius - k] + x)), b = XOR(sign, LOAD(rows[radius + k] + x));
            weight = OP(set1_epi16)((short)blur->weights[k]);
            low = OP(add_epi32)(low, OP(madd_epi16)(weight, OP(unpacklo_epi16)(a, b)));
            high = OP(add_epi32)(high, OP(madd_epi16)(weight, OP(unpackhi_epi16)(a, b)));
        }
        Vector words = OP(packs_epi32)(OP(srli_epi32)(low, 16), OP(srli_epi32)(high, 16));
        STORE_HALF(out + x, OP(packus_epi16)(words, words));
    }
#else
    for (int x = 0; x < count; x++) {
        uint32_t sum = (uint32_t)blur->weights[0] * rows[radius][x] + 32768u;
        for (int k = 1; k <= radius; k++)
            sum += (uint32_t)blur->weights[k] * ((uint32_t)rows[radius - k][x] + rows[radius + k][x]);
        out[x] = (uint8_t)(sum >> 16);
    }
#endif
}

/* (height, width, step) bytes, blurred in 16 bits as cv2.GaussianBlur does it. */
static void blurred(const uint8_t *image, uint8_t *out, int width, int height, int step, const Blur *blur, Arena *arena) {
    size_t kept = arena->used;
    int radius = blur->radius, count = width * step, taps = 2 * radius + 1, done = 0;
    uint8_t *padded = take(arena, (size_t)count + 2 * (size_t)radius * step);
    uint16_t *ring = take(arena, sizeof(uint16_t) * (size_t)count * taps);
    for (int y = 0; y < height; y++) {
        const uint8_t *row = image + (size_t)y * count;
        memcpy(padded + (size_t)radius * step, row, (size_t)count);
        for (int k = 1; k <= radius; k++) {
            memcpy(padded + (size_t)(radius - k) * step, row + (size_t)mirrored(-k, width) * step, (size_t)step);
            memcpy(padded + (size_t)(radius + width - 1 + k) * step, row + (size_t)mirrored(width - 1 + k, width) * step,
                   (size_t)step);
        }
        blur_row(padded, count, step, blur, ring + (size_t)(y % taps) * count);
        int last = y == height - 1 ? height : y - radius + 1;
        for (; done < last; done++) {
            uint16_t *rows[2 * MOST_TAPS];
            for (int k = 0; k < taps; k++)
                rows[k] = ring + (size_t)(mirrored(done + k - radius, height) % taps) * count;
            blur_columns(rows, count, blur, out + (size_t)done * count);
        }
    }
    arena->used = kept;
}

static void blend(uint8_t *planes, const uint8_t *mask, size_t pixels, const Paint *paint) {
    uint16_t opacity = (uint16_t)paint->opacity;
    uint16_t c0 = (uint16_t)paint->colour[0], c1 = (uint16_t)paint->colour[1], c2 = (uint16_t)paint->colour[2];
    uint8_t *restrict p0 = planes, *restrict p1 = planes + pixels, *restrict p2 = planes + 2 * pixels;
    if (opacity == 256)
        for (size_t i = 0; i < pixels; i++) {
            uint16_t alpha = (uint16_t)(mask[i] + (mask[i] >> 7)), rest = (uint16_t)(256 - alpha);
            p0[i] = (uint8_t)((uint16_t)(p0[i] * rest + c0 * alpha) >> 8);
            p1[i] = (uint8_t)((uint16_t)(p1[i] * rest + c1 * alpha) >> 8);
            p2[i] = (uint8_t)((uint16_t)(p2[i] * rest + c2 * alpha) >> 8);
        }
    else
        for (size_t i = 0; i < pixels; i++) {
            uint16_t alpha = (uint16_t)((uint16_t)((mask[i] + (mask[i] >> 7)) * opacity) >> 8);
            uint16_t rest = (uint16_t)(256 - alpha);
            p0[i] = (uint8_t)((uint16_t)(p0[i] * rest + c0 * alpha) >> 8);
            p1[i] = (uint8_t)((uint16_t)(p1[i] * rest + c1 * alpha) >> 8);
            p2[i] = (uint8_t)((uint16_t)(p2[i] * rest + c2 * alpha) >> 8);
        }
}

static void background(const Job *job, uint8_t *planes) {
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < job->height; y++) {
            uint8_t *to = planes + ((size_t)c * job->height + y) * job->width;
            size_t from = (size_t)c * job->plane + (size_t)y * job->row;
            if (job->behind == 1)
                memcpy(to, (const uint8_t *)job->planes + from, (size_t)job->width);
            else if (job->behind == 2)
                for (int x = 0; x < job->width; x++)
                    to[x] = (uint8_t)((const uint16_t *)job->planes)[from + x];
            else
                memset(to, job->paper[c], (size_t)job->width);
        }
}

static void moved(const uint8_t *from, uint8_t *to, int width, int height, int dx, int dy) {
    memset(to, 0, (size_t)width * height);
    int first = dx > 0 ? dx : 0, last = dx < 0 ? width + dx : width;
    for (int y = 0; y < height; y++)
        if (y - dy >= 0 && y - dy < height && last > first)
            memcpy(to + (size_t)y * width + first, from + (size_t)(y - dy) * width + first - dx, (size_t)(last - first));
}

/* The largest value within a disc whose rows have the half widths `spans`. */
static void spread(const uint8_t *from, uint8_t *to, int width, int height, int radius, const int32_t *spans) {
    memset(to, 0, (size_t)width * height);
    for (int y = 0; y < height; y++) {
        uint8_t *restrict row = to + (size_t)y * width;
        for (int dy = -radius; dy <= radius; dy++) {
            if (y + dy < 0 || y + dy >= height)
                continue;
            const uint8_t *restrict line = from + (size_t)(y + dy) * width;
            for (int dx = -spans[dy + radius]; dx <= spans[dy + radius]; dx++) {
                int first = dx < 0 ? -dx : 0, last = dx > 0 ? width - dx : width;
                for (int x = first; x < last; x++)
                    row[x] = row[x] > line[x + dx] ? row[x] : line[x + dx];
            }
        }
    }
}

/* The sum of bytes where `where` has all bits. */
static int64_t total(const uint8_t *levels, const uint8_t *where, size_t count) {
    int64_t sum = 0;
    size_t i = 0;
#if defined(OP)
    Vector sums = ZERO;
    int64_t parts[sizeof(Vector) / 8];
    for (; i + sizeof(Vector) <= count; i += sizeof(Vector))
        sums = OP(add_epi64)(sums, OP(sad_epu8)(ZERO, AND(LOAD(levels + i), LOAD(where + i))));
    STORE(parts, sums);
    for (size_t k = 0; k < sizeof(Vector) / 8; k++)
        sum += parts[k];
#endif
    for (; i < count; i++)
        sum += levels[i] & where[i];
    return sum;
}

static int64_t squares(const uint8_t *levels, size_t count) {
    int64_t sum = 0;
    for (size_t i = 0; i < count;) {
        int32_t part = 0;
        size_t stop = i + 32768 < count ? i + 32768 : count;
        for (; i < stop; i++)
            part += (int16_t)levels[i] * (int16_t)levels[i];
        sum += part;
    }
    return sum;
}

static void area(const uint8_t *where, const uint8_t *seen, size_t count, int64_t *pixels, int64_t *levels) {
    *pixels = total(where, where, count) / 255;
    *levels = total(seen, where, count);
}

/* marks: left, top, right and bottom of each. */
static int weakest(const Job *job, const int32_t *marks, const uint8_t *seen) {
    int least = 255;
    for (const int32_t *mark = marks; mark < marks + 4 * job->marks; mark += 4) {
        int right = mark[2] < job->width ? mark[2] : job->width;
        int bottom = mark[3] < job->height ? mark[3] : job->height, most = -1;
        for (int y = mark[1]; y < bottom; y++)
            for (int x = mark[0]; x < right; x++)
                most = most > seen[(size_t)y * job->width + x] ? most : seen[(size_t)y * job->width + x];
        least = most >= 0 && most < least ? most : least;
    }
    return least;
}

/* Whether any byte within `reach` px is set; rows end in `reach` blank bytes, so that passes need no rows. */
static void grow(uint8_t *restrict to, uint8_t *restrict spare, size_t stride, int height, int reach) {
    size_t count = stride * (size_t)height;
    memcpy(spare, to, count);
    for (int d = 1; d <= reach && d < height; d++) {
        size_t step = stride * (size_t)d;
        for (size_t i = 0; i < count - step; i++)
            spare[i] |= to[i + step];
        for (size_t i = step; i < count; i++)
            spare[i] |= to[i - step];
    }
    memcpy(to, spare, count);
    for (size_t d = 1; d <= (size_t)reach; d++) {
        for (size_t i = 0; i < count - d; i++)
            to[i] |= spare[i + d];
        for (size_t i = d; i < count; i++)
            to[i] |= spare[i - d];
    }
}

/* Everything else than `from`, with blank ends of rows again. */
static void others(const uint8_t *from, uint8_t *to, size_t stride, int width, int height) {
    for (size_t i = 0; i < stride * (size_t)height; i++)
        to[i] = (uint8_t)~from[i];
    for (int y = 0; y < height; y++)
        memset(to + (size_t)y * stride + width, 0, stride - (size_t)width);
}

/* Counts of the strokes' pixels and of those in narrow gaps between and beside them, and what is seen there. */
static void gaps(const Job *job, const uint8_t *ink, const uint8_t *seen, Sums *sums, Arena *arena) {
    size_t kept = arena->used, stride = (size_t)job->width + job->reach, count = stride * job->height;
    uint8_t *strokes = take(arena, count), *beside = take(arena, count), *grown = take(arena, count);
    uint8_t *levels = take(arena, count), *spare = take(arena, count), most = 0;
    for (size_t i = 0; i < (size_t)job->width * job->height; i++)
        most = most > ink[i] ? most : ink[i];
    uint8_t level = most / 2;
    memset(strokes, 0, count);
    memset(levels, 0, count);
    for (int y = 0; y < job->height; y++) {
        const uint8_t *row = ink + (size_t)y * job->width;
        uint8_t *restrict to = strokes + y * stride;
        for (int x = 0, width = job->width; x < width; x++)
            to[x] = row[x] > level ? 255 : 0;
        memcpy(levels + y * stride, seen + (size_t)y * job->width, (size_t)job->width);
    }
    memcpy(spare, strokes, count);
    memcpy(grown, strokes, count);
    grow(grown, spare, stride, job->height, job->reach);
    others(grown, spare, stride, job->width, job->height); /* all that is far from strokes */
    others(spare, beside, stride, job->width, job->height);
    memcpy(grown, spare, count);
    grow(grown, spare, stride, job->height, job->reach);
    others(grown, spare, stride, job->width, job->height);
    area(strokes, levels, count, &sums->strokes, &sums->in_strokes);
    area(beside, levels, count, &sums->beside, &sums->in_beside);
    area(spare, levels, count, &sums->grown, &sums->in_grown);
    arena->used = kept;
}

static void interleave(const uint8_t *planes, uint8_t *restrict out, size_t pixels) {
    const uint8_t *p0 = planes, *p1 = planes + pixels, *p2 = planes + 2 * pixels;
    for (size_t i = 0; i < pixels; i++) {
        out[3 * i] = p0[i];
        out[3 * i + 1] = p1[i];
        out[3 * i + 2] = p2[i];
    }
}

static void tone(const Job *job, const uint8_t *image, uint8_t *restrict out, size_t count) {
    int32_t shift = job->shift;
    const uint8_t *noise = job->noise ? job->noise : image; /* without any, `grain` is 0 */
    size_t i = 0;
#if defined(OP)
    const Vector weights = OP(set1_epi32)((job->gain & 0xffff) | (int32_t)((uint32_t)job->grain << 16));
    const Vector shifts = OP(set1_epi32)(shift);
    for (; i + sizeof(Vector) <= count; i += sizeof(Vector)) {
        Vector a = LOAD(image + i), b = LOAD(noise + i), words[2];
        Vector pairs[2] = {OP(unpacklo_epi8)(a, b), OP(unpackhi_epi8)(a, b)};
        for (int k = 0; k < 2; k++) {
            Vector low = OP(madd_epi16)(weights, OP(unpacklo_epi8)(pairs[k], ZERO));
            Vector high = OP(madd_epi16)(weights, OP(unpackhi_epi8)(pairs[k], ZERO));
            words[k] = OP(packs_epi32)(OP(srai_epi32)(OP(add_epi32)(low, shifts), 10),
                                       OP(srai_epi32)(OP(add_epi32)(high, shifts), 10));
        }
        STORE(out + i, OP(packus_epi16)(words[0], words[1]));
    }
#endif
    for (; i < count; i++)
        out[i] = clipped((job->gain * image[i] + job->grain * noise[i] + shift) >> 10);
}

static Arena arena;

/* 1: drawn, legibility to be judged by the sums; 2: drawn, surely legible; 3: surely too faint, not drawn; 0: not for
   this code; -1: no memory. Not for several threads at a time. */
#if defined(_WIN32)
__declspec(dllexport)
#endif
int ocrdata_line(const Job *job, const Glyph *const *glyphs, const int32_t *xs, const int32_t *ys, const int32_t *marks,
                 uint8_t *out, Sums *sums) {
    size_t pixels = (size_t)job->width * job->height, wanted = room(job);
    int stride = job->mask_width + 2 * SIDE;
    size_t mask_size = (size_t)stride * (job->mask_height + 2 * SIDE);
    if (arena.size < wanted) {
        free(arena.data);
        arena.data = malloc(wanted);
        arena.size = arena.data ? wanted : 0;
        if (!arena.data)
            return -1;
    }
    arena.used = 0;
    uint8_t *mask = take(&arena, mask_size), *ink = take(&arena, pixels), *seen = ink, *spare = take(&arena, pixels);
    memset(mask, 0, mask_size);
    if (!near(job) || !set_glyphs(job, glyphs, xs, ys, mask, stride))
        return 0;
    size_t kept = arena.used;
    warp(job, mask, stride, ink, &arena);
    arena.used = kept;
    if (job->lens.radius) {
        seen = take(&arena, pixels);
        blurred(ink, seen, job->width, job->height, 1, &job->lens, &arena);
    }
    sums->whole = total(ink, ink, pixels);
    sums->seen = total(seen, seen, pixels);
    sums->squares = squares(seen, pixels);
    sums->weakest = weakest(job, marks, seen);
    double least = job->least * (double)sums->seen;
    if ((double)sums->squares < 0.99 * least)
        return 3;
    int sharp = sums->squares * 10 >= sums->seen * 255 * 6;
    if (job->reach && !sharp)
        gaps(job, ink, seen, sums, &arena);
    uint8_t *planes = take(&arena, 3 * pixels);
    background(job, planes);
    if (job->shadow) {
        uint8_t *shade = take(&arena, pixels);
        moved(ink, shade, job->width, job->height, job->dx, job->dy);
        if (job->soft.radius) {
            blurred(shade, spare, job->width, job->height, 1, &job->soft, &arena);
            shade = spare;
        }
        blend(planes, shade, pixels, &job->shade);
    }
    if (job->outline) {
        spread(ink, spare, job->width, job->height, job->outline, job->spans);
        blend(planes, spare, pixels, &job->rim);
    }
    blend(planes, ink, pixels, &job->ink);
    uint8_t *image = take(&arena, 3 * pixels);
    interleave(planes, image, pixels);
    if (job->lens.radius) {
        uint8_t *sharp = image;
        image = take(&arena, 3 * pixels);
        blurred(sharp, image, job->width, job->height, 3, &job->lens, &arena);
    }
    if (job->toned)
        tone(job, image, out, 3 * pixels);
    else
        memcpy(out, image, 3 * pixels);
    return sharp && sums->weakest >= CLEAR && (double)sums->squares > 1.01 * least ? 2 : 1;
}
