/*
 * Grids are at most half a megabyte, whatever the width: the wider the signatures, the
 * fewer of them.  So turning one around is quick, and few texts wait for a full one.
 */
#include "text_grid.h"

#include "text_doc.h"

unsigned text_grid_docs(unsigned width)
{
	unsigned most = TEXT_GRID_MAX / (1U << (width - 3));

	return most < TEXT_GRID_DOCS ? most : TEXT_GRID_DOCS;
}

size_t text_grid_size(unsigned width)
{
	return ((size_t)1 << width) * text_grid_docs(width) / 8;
}

void text_grid_put(uint8_t *grid, unsigned width, unsigned at, const uint8_t *sign)
{
	const size_t row = text_grid_docs(width) / 8;

	for (uint32_t bit = 0; bit < UINT32_C(1) << width; bit++)
		if (text_bit(sign, bit))
			text_set_bit(grid + bit * row, at);
}

void text_grid_get(const uint8_t *grid, unsigned width, unsigned at, uint8_t *sign)
{
	const size_t row = text_grid_docs(width) / 8;

	for (uint32_t i = 0; i < UINT32_C(1) << (width - 3); i++)
		sign[i] = 0;
	for (uint32_t bit = 0; bit < UINT32_C(1) << width; bit++)
		if (text_bit(grid + bit * row, at))
			text_set_bit(sign, bit);
}

struct text_row text_grid_row(unsigned width, uint32_t bit)
{
	const size_t len = text_grid_docs(width) / 8;
	size_t from = (bit & ((UINT32_C(1) << width) - 1)) * len;

	return (struct text_row){ (unsigned)(from / TEXT_GRID_PART), from % TEXT_GRID_PART, len };
}
