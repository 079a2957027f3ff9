/* Fields to UTF-8 with ICU, for the comparison in docs/performance.md: what a C program that knows its way about ICU
 * would do for a field, one call that goes from the page to UTF-8, with a converter that was opened once.
 *
 *     cc -O2 -o icu-text codecs/benches/icu/text.c -licuuc && ./icu-text PAGE LENGTH[,LENGTH...] FILE
 *
 * FILE has nothing but fields of these lengths, again and again; `cargo bench -p fpp-codecs --bench decode -- write
 * FOLDER` makes such files. Prints MiB of input in a second of processor time, the median of nine passes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unicode/ucnv.h>
#include <unicode/uvernum.h>

enum { RUNS = 9, FIELDS = 16, LONGEST = 256 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void die(const char *what) {
    fprintf(stderr, "icu-text: %s\n", what);
    exit(1);
}

/* Good fields of the file; a byte that means nothing makes a field bad, as with fpp. */
static long pass(UConverter *page, const int *lengths, int fields, const char *file, long bytes) {
    static char out[LONGEST * 4];
    long good = 0, at = 0;
    for (int field = 0; at + lengths[field] <= bytes; field = (field + 1) % fields) {
        UErrorCode error = U_ZERO_ERROR;
        ucnv_toAlgorithmic(UCNV_UTF8, page, out, sizeof out, file + at, lengths[field], &error);
        good += error == U_ZERO_ERROR;
        at += lengths[field];
    }
    return good;
}

int main(int count, char **arguments) {
    if (count != 4) die("PAGE LENGTH[,LENGTH...] FILE");
    int lengths[FIELDS], fields = 0;
    for (char *word = strtok(arguments[2], ","); word && fields < FIELDS; word = strtok(NULL, ",")) {
        lengths[fields] = atoi(word);
        if (lengths[fields] < 1 || lengths[fields] > LONGEST) die("a length is wrong");
        fields++;
    }
    UErrorCode error = U_ZERO_ERROR;
    UConverter *page = ucnv_open(arguments[1], &error);
    if (U_FAILURE(error)) die(u_errorName(error));
    ucnv_setToUCallBack(page, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &error);
    FILE *input = fopen(arguments[3], "rb");
    if (!input || fseek(input, 0, SEEK_END)) die("cannot read the file");
    long bytes = ftell(input);
    char *file = malloc(bytes);
    rewind(input);
    if (!file || fread(file, 1, bytes, input) != (size_t)bytes) die("cannot read the file");
    long good = pass(page, lengths, fields, file, bytes);
    double seconds[RUNS];
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        if (pass(page, lengths, fields, file, bytes) != good) die("two passes differ");
        seconds[run] = now() - start;
    }
    qsort(seconds, RUNS, sizeof *seconds, ascending);
    printf("%-10s ICU %s, text alone, %s %6.1f MiB/s  %ld good fields\n", strrchr(arguments[3], '/') ? strrchr(arguments[3], '/') + 1 : arguments[3],
           U_ICU_VERSION, arguments[1], bytes / 1048576.0 / seconds[RUNS / 2], good);
    return 0;
}
