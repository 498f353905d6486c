# Matrix products of the kernels: right in every size, and a row has the same bits whatever is
# computed beside it.
import itertools
import shutil
import subprocess

import pytest
import torch
from compiled_support import DTYPES, FORMS, SUPPORT, address, library, longs

ROWS = [1, 2, 3, 4, 5, 7, 8, 9, 16, 20, 33, 64]
# Sizes around those of vectors, of panels, and of blocks of k.
SIZES = [(1, 1), (5, 3), (64, 16), (31, 17), (20, 33), (7, 48), (40, 97), (513, 64), (1030, 200)]


def aligned(size, dtype):
    """Uninitialised memory that begins at a cache line; NaN shows what was never written."""
    memory = torch.full((size + 64,), float("nan"), dtype=dtype)
    return memory[-memory.data_ptr() % 64 // memory.element_size() :][:size]


class Products:
    """The compiled products for one dtype, called on tensors."""

    def __init__(self, compiled, dtype):
        self.compiled, self.dtype = compiled, dtype

    def size(self, name, *numbers):
        return getattr(self.compiled, name)(*longs(*numbers))

    def pack(self, w, name="pack", size="packed_size"):
        panels = aligned(self.size(size, *w.shape), self.dtype)
        getattr(self.compiled, name)(address(w), *longs(*w.shape, *w.stride()), address(panels))
        return panels

    def multiply(self, a, panels, N, name="matmul", extra=()):
        rows, K = a.shape
        c = torch.full((rows, N + 3), 77.0, dtype=self.dtype)  # wider than its columns
        getattr(self.compiled, name)(
            *longs(rows, K, N), address(a), *longs(a.stride(0)), address(panels), address(c),
            *longs(N + 3, *extra),
        )  # fmt: skip
        assert (c[:, N:] == 77).all(), "columns beyond the last were written"
        return c[:, :N]

    def outer(self, a, b, parts=1):
        rows, M, N = *a.shape, b.shape[1]
        c = torch.full((M, N + 3), 77.0, dtype=self.dtype)
        scratch = aligned(self.size("outer_scratch_size", N), self.dtype)
        for part in range(parts):
            self.compiled.outer(
                *longs(M, N, rows), address(a), *longs(a.stride(0)), address(b),
                *longs(b.stride(0)), address(c),
                *longs(N + 3, M * part // parts, M * (part + 1) // parts), address(scratch),
            )  # fmt: skip
        assert (c[:, N:] == 77).all(), "columns beyond the last were written"
        return c[:, :N]


def load_products(folder, form, dtype, source=SUPPORT / "matmul.c"):
    return Products(library(folder, source, FORMS[form] + DTYPES[dtype]), dtype)


@pytest.fixture(
    scope="module",
    params=itertools.product(FORMS, DTYPES),
    ids=lambda pair: f"{pair[0]}-{str(pair[1]).removeprefix('torch.')}",
)
def products(request, tmp_path_factory):
    return load_products(tmp_path_factory.mktemp("matmul"), *request.param)


@pytest.fixture(scope="module", params=FORMS)
def float_products(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bf16")
    both = folder / "both.c"
    both.write_text('#include "matmul.c"\n#include "halves.c"\n')
    return load_products(folder, request.param, torch.float32, both)


def exact_input(*shape, dtype):
    """Small whole numbers: sums of their products are exact in any order."""
    return torch.randint(-8, 9, shape).to(dtype)


def layouts(w):
    """The same matrix with either stride 1, and with none."""
    spread = torch.zeros(w.shape[0], 2 * w.shape[1], dtype=w.dtype)[:, ::2]
    spread.copy_(w)
    return [w, w.T.contiguous().T, spread]


@pytest.mark.parametrize(("K", "N"), SIZES)
def test_products_are_right(products, K, N):
    w = exact_input(K, N, dtype=products.dtype)
    for layout in layouts(w):
        panels = products.pack(layout)
        for rows in ROWS:
            a = exact_input(rows, K + 2, dtype=products.dtype)[:, :K]
            assert torch.equal(products.multiply(a, panels, N), a @ w), (rows, layout.stride())


def test_no_terms_are_zero(products):
    w = torch.empty(0, 5, dtype=products.dtype)
    for rows in (1, 9):
        a = torch.empty(rows, 0, dtype=products.dtype)
        assert (products.multiply(a, products.pack(w), 5) == 0).all()
    empty = torch.empty(0, 5, dtype=products.dtype)
    assert (products.outer(empty, empty) == 0).all()


@pytest.mark.parametrize(("K", "N"), SIZES)
def test_a_row_does_not_depend_on_the_others(products, K, N):
    panels = products.pack(torch.randn(K, N, dtype=products.dtype))
    a = torch.randn(70, K, dtype=products.dtype)
    alone = torch.cat([products.multiply(a[row : row + 1], panels, N) for row in range(70)])
    for rows in ROWS:
        for first in (0, 70 - rows):
            together = products.multiply(a[first : first + rows], panels, N)
            assert torch.equal(together, alone[first : first + rows]), rows


@pytest.mark.parametrize("N", [97, 400])
def test_columns_can_be_shared(products, N):
    K, count = 600, products.size("panel_count", N)
    w = torch.randn(K, N, dtype=products.dtype)
    panels = aligned(products.size("packed_size", K, N), products.dtype)
    for panel in range(count):
        products.compiled.pack_panels(
            address(w), *longs(K, N, N, 1), address(panels), *longs(panel, panel + 1)
        )
    assert torch.equal(panels, products.pack(w))
    edges = [products.size("panel_column", N, panel) for panel in range(count + 1)]
    assert edges[0] == 0
    assert edges[-1] == N
    for rows in (1, 2, 20):
        a = torch.randn(rows, K, dtype=products.dtype)
        whole = products.multiply(a, panels, N)
        for first, last in ((0, count), (1, count), (0, count // 2), (count // 2, count), (1, 2)):
            part = products.multiply(a, panels, N, "matmul_panels", (first, last))
            inside = slice(edges[first], edges[last])
            assert torch.equal(part[:, inside], whole[:, inside])
            assert (part[:, : edges[first]] == 77).all()
            assert (part[:, edges[last] :] == 77).all()


def test_an_infinite_row_leaves_the_others_alone(products):
    panels = products.pack(torch.ones(20, 35, dtype=products.dtype))
    a = torch.ones(9, 20, dtype=products.dtype)
    a[4, 3], a[6, 3] = float("inf"), float("nan")
    expected = torch.full((9, 35), 20.0, dtype=products.dtype)
    expected[4], expected[6] = float("inf"), float("nan")
    result = products.multiply(a, panels, 35)
    torch.testing.assert_close(result, expected, rtol=0, atol=0, equal_nan=True)


OUTER_SIZES = [(1, 1, 1), (5, 3, 7), (70, 50, 385), (129, 33, 800), (64, 97, 50)]


@pytest.mark.parametrize(("M", "N", "rows"), OUTER_SIZES)
def test_outer_products_are_right(products, M, N, rows):
    a = exact_input(rows, M + 1, dtype=products.dtype)[:, :M]
    b = exact_input(rows, N + 2, dtype=products.dtype)[:, :N]
    assert torch.equal(products.outer(a, b), a.T @ b)


def test_rows_of_outer_products_can_be_shared(products):
    a = torch.randn(500, 130, dtype=products.dtype)
    b = torch.randn(500, 70, dtype=products.dtype)
    whole = products.outer(a, b)
    for parts in (1, 2, 3, 7):
        assert torch.equal(products.outer(a, b, parts), whole)


@pytest.mark.parametrize(("K", "N"), SIZES)
def test_bfloat16_weights(float_products, K, N):
    w = torch.randn(K, N).bfloat16()
    for layout in layouts(w):
        panels = float_products.pack(layout, "pack_bf16", "packed_size_bf16")
        # Widening is exact: the same bits as float weights of the same values.
        same = float_products.pack(w.float())
        for rows in ROWS:
            a = torch.randn(rows, K)
            got = float_products.multiply(a, panels, N, "matmul_bf16")
            assert torch.equal(got, float_products.multiply(a, same, N)), rows


def test_rounding_to_bfloat16(float_products):
    # All upper halves but those of NaN, each with lower halves around the tie.
    upper = torch.arange(-(2**15), 2**15, dtype=torch.int32) << 16
    lower = torch.tensor([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], dtype=torch.int32)
    numbers = (upper[:, None] | lower).view(torch.float32)
    numbers = numbers[~numbers.isnan()]
    panels = float_products.pack(numbers[None], "pack_bf16_from_float", "packed_size_bf16")
    same = float_products.pack(numbers.bfloat16()[None], "pack_bf16", "packed_size_bf16")
    assert torch.equal(panels.view(torch.int32), same.view(torch.int32))


def test_nan_remains_nan_in_bfloat16(float_products):
    # Rounded like a number, the first would become infinite and the second zero.
    payloads = torch.tensor([[0x7F800001, 0x7FFFFFFF]], dtype=torch.int32).view(torch.float32)
    panels = float_products.pack(payloads, "pack_bf16_from_float", "packed_size_bf16")
    assert float_products.multiply(torch.ones(1, 1), panels, 2, "matmul_bf16").isnan().all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_peak_is_a_plausible_speed(dtype, tmp_path):
    from ctypes import c_double

    peak = library(tmp_path, SUPPORT / "peak.c", DTYPES[dtype]).multiply_add_peak
    peak.restype = c_double
    assert 0.1 < peak(c_double(0.05)) < 10_000


# All sizes that take another way, on memory of exactly the size that is asked for.
DRIVER = """
#include "vectors.h"
#include "matmul.c"
#if !REAL_IS_DOUBLE
#include "halves.c"
#endif
extern void *aligned_alloc(unsigned long, unsigned long);
extern void *malloc(unsigned long);
extern void free(void *);
static real *numbers(long count) {
  real *result = malloc((unsigned long)count * sizeof(real));
  for (long i = 0; i < count; i++) result[i] = (real)(i % 7);
  return result;
}
static void *memory(long bytes) {
  return aligned_alloc(64, (unsigned long)(bytes + 63) / 64 * 64);
}
static void product(long rows, long K, long N) {
  real *w = numbers(K * N), *a = numbers(rows * K), *c = numbers(rows * N);
  real *panels = memory(packed_size(K, N) * (long)sizeof(real));
  pack(w, K, N, N, 1, panels), matmul(rows, K, N, a, K, panels, c, N);
  pack(w, K, N, 1, K, panels), matmul(rows, K, N, a, K, panels, c, N);
  free(panels);
#if !REAL_IS_DOUBLE
  uint32_t *words = memory(packed_size_bf16(K, N) * 4);
  pack_bf16_from_float(w, K, N, N, 1, words), matmul_bf16(rows, K, N, a, K, words, c, N);
  free(words);
#endif
  real *scratch = memory(outer_scratch_size(N) * (long)sizeof(real)), *square = numbers(K * N);
  outer(K, N, rows, a, K, c, N, square, N, 0, K, scratch);
  free(w), free(a), free(c), free(scratch), free(square);
}
static void functions(long n) {
  real *x = numbers(n), *y = numbers(n), edges[] = {
      0, -(real)0, 1, -1, (real)1e-40, (real)1e38, -(real)1e38, INFINITE, -INFINITE, NOT_A_NUMBER};
  for (long i = 0; i < n; i++) x[i] = edges[i % 10];
  vec v = n < LANES ? load_part(x, n) : load(x);
  v = v_exp(v) + v_tanh(v) + v_sigmoid(v) + v_log(v) + v_log1p(v) + v_expm1(v) + v_sin(v) +
      v_cos(v) + v_exp2(v) + v_log2(v) + v_floor(v) + v_ceil(v) + v_round(v) + v_sign(v);
  if (n < LANES) store_part(y, v, n); else store(y, v);
  free(x), free(y);
}
int main(void) {
  const long rows[] = {0, 1, 2, 3, 8, 9, 33}, K[] = {0, 1, 5, 16, 513}, N[] = {1, 17, 48, 97, 200};
  for (int r = 0; r < 7; r++)
    for (int k = 0; k < 5; k++)
      for (int n = 0; n < 5; n++) product(rows[r], K[k], N[n]);
  product(800, 70, 33);
  for (long n = 1; n <= 40; n++) functions(n);
  return 0;
}
"""


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_sanitizer_complains(form, dtype, tmp_path):
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no gcc")
    source, program = tmp_path / "driver.c", tmp_path / "driver"
    source.write_text(DRIVER)
    flags = ["-O1", "-g", "-march=native", *FORMS[form], *DTYPES[dtype], f"-I{SUPPORT}"]
    checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command = [compiler, *flags, *checks, str(source), "-o", str(program), "-lm"]
    subprocess.run(command, check=True)
    subprocess.run([str(program)], check=True)
