/* driver: main() for the fuzz targets where there is no libFuzzer, for make check.
 *
 *     fuzz_NAME [-runs=N] [-seed=N] FILE|FOLDER...
 *
 * Runs the target on every file, then on N mutations of them. The same arguments give the same inputs, in the same order.
 * Each input is in a block of exactly its size, so that the sanitizers see a read beyond it; one that breaks the target
 * is printed in hex (back to a file: xxd -r -p). */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SIZE_MAX_INPUT 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint8_t *data;
	size_t size;
};

static struct input *corpus;
static size_t corpus_count;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

static void *allocate(size_t size)
{
	void *block = malloc(size ? size : 1);

	if (!block)
		die("malloc");
	return block;
}

/* ---- The corpus --------------------------------------------------------------------------------- */

static void add_input(const uint8_t *data, size_t size)
{
	corpus = realloc(corpus, (corpus_count + 1) * sizeof *corpus);
	if (!corpus)
		die("realloc");
	corpus[corpus_count].data = allocate(size);
	corpus[corpus_count].size = size;
	if (size)
		memcpy(corpus[corpus_count].data, data, size);
	corpus_count++;
}

static void load_file(const char *path)
{
	static uint8_t bytes[SIZE_MAX_INPUT];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file)
		die(path);
	size = fread(bytes, 1, sizeof bytes, file);
	if (ferror(file))
		die(path);
	fclose(file);
	add_input(bytes, size);
}

static void load(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int count;

	if (stat(path, &st))
		die(path);
	if (!S_ISDIR(st.st_mode)) {
		load_file(path);
		return;
	}
	/* Sorted, for the folder's own order differs from machine to machine. */
	count = scandir(path, &entries, NULL, alphasort);
	if (count < 0)
		die(path);
	for (int i = 0; i < count; i++) {
		char inside[4096];

		snprintf(inside, sizeof inside, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			load(inside);
		free(entries[i]);
	}
	free(entries);
}

/* ---- Running ------------------------------------------------------------------------------------ */

static const uint8_t *running;
static size_t running_size;

/* Only what a signal handler may call. */
static void print_input(void)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *data = running;
	char line[65];

	running = NULL;
	for (size_t at = 0; data && at < running_size;) {
		size_t n = 0;

		for (; n < sizeof line - 1 && at < running_size; at++) {
			line[n++] = digits[data[at] >> 4];
			line[n++] = digits[data[at] & 15];
		}
		line[n++] = '\n';
		if (write(STDERR_FILENO, line, n) < 0)
			break;
	}
}

static void on_signal(int signal_number)
{
	print_input();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* Of the sanitizers, which end the program without a signal that a handler sees. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* SIGTERM comes when an input takes too long. */
static void prepare_to_break(void)
{
	static const int breaks[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM };

	for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++)
		signal(breaks[i], on_signal);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(print_input);
}

static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = allocate(size);

	/* Of size 0: a block of one byte, and its end. */
	if (size)
		memcpy(copy, data, size);
	running = data;
	running_size = size;
	LLVMFuzzerTestOneInput(size ? copy : copy + 1, size);
	running = NULL;
	free(copy);
}

/* ---- Mutations ---------------------------------------------------------------------------------- */

static uint64_t state;

/* xorshift64*; 0 ≤ answer < below. */
static size_t random_below(size_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return below ? (size_t)((state * 0x2545f4914f6cdd1dull) >> 33) % below : 0;
}

static void flip_bit(struct input *i)
{
	if (i->size)
		i->data[random_below(i->size)] ^= (uint8_t)(1u << random_below(8));
}

static void set_byte(struct input *i)
{
	if (i->size)
		i->data[random_below(i->size)] = (uint8_t)random_below(256);
}

static void insert_bytes(struct input *i)
{
	size_t n = 1 + random_below(8), at = random_below(i->size + 1);
	uint8_t byte = (uint8_t)random_below(256);

	if (i->size + n > SIZE_MAX_INPUT)
		return;
	memmove(i->data + at + n, i->data + at, i->size - at);
	for (size_t k = 0; k < n; k++)
		i->data[at + k] = random_below(2) ? byte : (uint8_t)random_below(256);
	i->size += n;
}

static void delete_bytes(struct input *i)
{
	size_t at, n;

	if (!i->size)
		return;
	at = random_below(i->size);
	n = 1 + random_below(i->size - at < 16 ? i->size - at : 16);
	memmove(i->data + at, i->data + at + n, i->size - at - n);
	i->size -= n;
}

static void truncate_bytes(struct input *i)
{
	i->size = random_below(i->size + 1);
}

/* The head of this one with the tail of another. */
static void splice(struct input *i)
{
	const struct input *other = &corpus[random_below(corpus_count)];
	size_t at = random_below(i->size + 1), from = random_below(other->size + 1);
	size_t n = other->size - from;

	if (n > SIZE_MAX_INPUT - at)
		n = SIZE_MAX_INPUT - at;
	memcpy(i->data + at, other->data + from, n);
	i->size = at + n;
}

/* A piece of it once more, somewhere else. */
static void copy_piece(struct input *i)
{
	size_t from, to, n, room;

	if (!i->size)
		return;
	from = random_below(i->size);
	to = random_below(i->size);
	room = i->size - (from > to ? from : to);
	n = 1 + random_below(room);
	memmove(i->data + to, i->data + from, n);
}

/* Lengths, counts and characters that are special to somebody, in 1, 2, 4 or 8 bytes, of either end first. */
static void set_interesting(struct input *i)
{
	static const uint64_t values[] = { 0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 20, 31, 32, 72, 127,
		128, 255, 256, 1024, 4096, 32767, 32768, 65535, 65536, INT32_MAX, 1ull + INT32_MAX,
		UINT32_MAX, INT64_MAX, UINT64_MAX, ' ', '\n', '\t', ':', '-', '0', '9', '(', ')',
		'/' };
	uint64_t value = values[random_below(sizeof values / sizeof *values)];
	size_t n = (size_t)1 << random_below(4), at;
	bool big = random_below(2);

	if (i->size < n)
		return;
	at = random_below(i->size - n + 1);
	/* Fields are where their size divides the offset. */
	if (random_below(2))
		at -= at % n;
	for (size_t k = 0; k < n; k++)
		i->data[at + k] = (uint8_t)(value >> 8 * (big ? n - 1 - k : k));
}

static void mutate(struct input *i)
{
	static void (*const ways[])(struct input *) = { flip_bit, set_byte, insert_bytes,
		delete_bytes, truncate_bytes, splice, copy_piece, set_interesting,
		set_interesting };
	size_t times = 1 + random_below(6);

	for (size_t k = 0; k < times; k++)
		ways[random_below(sizeof ways / sizeof *ways)](i);
}

static void run_mutations(uint64_t runs)
{
	static uint8_t bytes[SIZE_MAX_INPUT];

	for (uint64_t k = 0; k < runs; k++) {
		const struct input *from = &corpus[random_below(corpus_count)];
		struct input i = { bytes, from->size };

		memcpy(bytes, from->data, from->size);
		mutate(&i);
		run(i.data, i.size);
	}
}

/* ---- The program -------------------------------------------------------------------------------- */

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (end == text || *end) {
		fprintf(stderr, "a number, not '%s'\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	uint64_t runs = 0, seed = 1;
	size_t files;
	clock_t start = clock();

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "-runs=", 6) == 0)
			runs = number(argv[i] + 6);
		else if (strncmp(argv[i], "-seed=", 6) == 0)
			seed = number(argv[i] + 6);
		else
			load(argv[i]);
	}
	prepare_to_break();
	state = seed * 0x9e3779b97f4a7c15ull + 1;
	files = corpus_count;
	/* Nothing is an input too. */
	add_input(NULL, 0);
	for (size_t i = 0; i < corpus_count; i++)
		run(corpus[i].data, corpus[i].size);
	run_mutations(runs);
	printf("%s: %zu files and %llu mutations in %.1f s\n", name ? name + 1 : argv[0], files,
		(unsigned long long)runs, (double)(clock() - start) / CLOCKS_PER_SEC);
	for (size_t i = 0; i < corpus_count; i++)
		free(corpus[i].data);
	free(corpus);
	return 0;
}
