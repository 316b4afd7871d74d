#ifndef STORE_TEXT_GRID_H
#define STORE_TEXT_GRID_H

#include <stddef.h>
#include <stdint.h>

/*
 * The signatures of many texts, turned: for each bit, one row that says of every text
 * whether it has it.  So a needle costs a few short rows, whatever there is to find.
 * A row is never torn between two parts of the grid; a part fits a page of SQLite's.
 * Pure.
 */
enum {
	TEXT_GRID_PART = 3968,           /* a multiple of every row's length */
	TEXT_GRID_DOCS = 1024,           /* texts in a grid, at most */
	TEXT_GRID_MAX = 512 * 1024,      /* bytes of one */
};

unsigned text_grid_docs(unsigned width);         /* texts in a grid of that width */
size_t text_grid_size(unsigned width);           /* its bytes */

/* Signature number `at` into a grid that was zero there, and out of it. */
void text_grid_put(uint8_t *grid, unsigned width, unsigned at, const uint8_t *sign);
void text_grid_get(const uint8_t *grid, unsigned width, unsigned at, uint8_t *sign);

/* Where the row of a bit lies: in which part, from where. */
struct text_row {
	unsigned part;
	size_t from, len;
};
struct text_row text_grid_row(unsigned width, uint32_t bit);

#endif
