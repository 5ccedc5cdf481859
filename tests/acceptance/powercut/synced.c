/* Notes how much of each file is surely on the disk: what was written before the last sync.
 *
 * Loaded into a Redis (LD_PRELOAD). After a power cut nothing else is promised to be there, so a
 * test cuts the files off at what is noted. Lines: inode, bytes. While the file JOBSCHED_TEST_LOSES
 * is there nothing is noted: what is written from then on is lost with the next cut.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(const struct stat *before) {
    const char *notes = getenv("JOBSCHED_TEST_NOTES"), *loses = getenv("JOBSCHED_TEST_LOSES");
    if (notes == NULL || (loses != NULL && access(loses, F_OK) == 0)) return;
    char line[64];
    int length = snprintf(line, sizeof line, "%llu %lld\n", (unsigned long long)before->st_ino,
                          (long long)before->st_size);
    int file = open(notes, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file < 0 || write(file, line, length) != length) abort();
    close(file);
}

static int synced(const char *name, int file) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct stat before;
    int known = fstat(file, &before);
    int result = next(file);
    /* noted before Redis hears of it, and so before anybody is told that his write is safe */
    if (result == 0 && known == 0) note(&before);
    return result;
}

int fsync(int file) { return synced("fsync", file); }
int fdatasync(int file) { return synced("fdatasync", file); }
