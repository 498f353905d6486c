/* Matrix products for recurrent steps, compiled once per machine and dtype; see matmul.h. */
#include "matmul.h"

#include "packing.h"
#include "panels.h"
#include "product.h"
#include "tiles.h"

DEFINE_TILES(tile)

void matmul_panels(long rows, long K, long N, const real *a, long lda, const real *panels, real *c,
                   long ldc, long first_panel, long last_panel) {
  struct product p = {rows, K, N, a, lda, c, ldc, (const char *)panels, K * (long)sizeof(real),
                      sizeof(real), choose_tile, AFRESH};
  multiply(&p, first_panel, last_panel);
}

void matmul_onto_panels(long rows, long K, long N, const real *a, long lda, const real *panels,
                        real *c, long ldc, long first_panel, long last_panel) {
  struct product p = {rows, K, N, a, lda, c, ldc, (const char *)panels, K * (long)sizeof(real),
                      sizeof(real), choose_tile, GO_ON};
  multiply(&p, first_panel, last_panel);
}

void matmul(long rows, long K, long N, const real *a, long lda, const real *panels, real *c,
            long ldc) {
  matmul_panels(rows, K, N, a, lda, panels, c, ldc, 0, panel_count(N));
}

#include "outer.h"
