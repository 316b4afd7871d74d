#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/*
 * Memory that is always there.  Every size a peer can influence has a ceiling,
 * and the ceilings times the connections fit the machine; so running out is
 * the machine's fault, not a case to be handled in a thousand places: one line
 * on standard error and the process ends (what was answered 250 is on disk).
 * Any thread.  Free with free().
 */
void *mem_alloc(size_t size);                     /* zeroed */
void *mem_array(size_t count, size_t size);       /* zeroed; overflow checked */
void *mem_grow(void *old, size_t count, size_t size);  /* like realloc; not zeroed */
char *mem_string(const char *text);               /* NULL gives NULL */
char *mem_bytes(const char *at, size_t len);      /* copy, NUL behind it */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Gives back to the kernel what only the start of the program needed: free heap, and
 * pages of code, which are read again from its cache when somebody runs them.  Takes
 * about a millisecond. */
void mem_give_back(void);

/* Overwrites in a way no compiler leaves out: for secrets. */
void mem_wipe(void *at, size_t len);

#endif
