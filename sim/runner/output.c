#include "sim/runner/output.h"

#include "sim/runner/charts.h"
#include "sim/runner/fresh_file.h"
#include "sim/runner/intervals.h"
#include "sim/runner/manifest.h"
#include "sim/runner/report_html.h"
#include "sim/runner/tables.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 1024
#define TARGET_SIZE 512 /* of the directory's path */

static bool write_summary(const struct campaign *campaign, FILE *file) {
  output_summary(campaign, false, file);
  return true;
}
static bool write_resolved(const struct campaign *campaign, FILE *file) {
  scenario_print_kept(campaign->scenario, file);
  return true;
}

static bool has_groups(const struct campaign *campaign) { return campaign->scenario->plans[0].groups != NULL; }

/* Everything but the manifest and the page, which say of what version they are, and the charts. */
static const struct {
  const char *name;
  table_writer *write;
  bool (*where)(const struct campaign *campaign); /* NULL = always */
  const char *about;
} files[] = {
    {"summary.txt", write_summary, NULL, "what the terminal showed"},
    {"runs.csv", tables_runs, NULL, "a line a run, integers only: label, system, handler, seed, all metrics, verdict, digest"},
    {"aggregate.csv", tables_aggregate, NULL,
     "a line a row, point and metric: mean, 95 % interval, sum; of counts, in what share of runs there were any"},
    {"paired.csv", tables_paired, intervals_are_paired,
     "a line a row but the first, point and metric: how it differs from the first row under the same luck"},
    {"timeline.csv", tables_timeline, NULL, "a line a cell of simulated time: goodput, duplicates, open obligations"},
    {"latency.csv", tables_latency, NULL, "a line a cell of latency: how many operations, and what share was slower"},
    {"faults.csv", tables_faults, NULL, "a line a window in which a fault was under way"},
    {"groups.csv", tables_groups, has_groups, "where there are groups: a line a group of each run"},
    {"resolved.yaml", write_resolved, NULL,
     "the scenario with nothing implied: running it gives the same digests"},
};
#define FILES (sizeof files / sizeof *files)
#define MANIFEST "manifest.json"
#define REPORT "report.html"
#define REPORT_ABOUT "all of it as one page for people, with charts and stories; no other file is needed to read it"
#define MANIFEST_ABOUT \
  "version, command, seeds, digests, hits, verdicts: how to make all this again; it comes last, so where it is, all the others belong to it"
#define NEW_DIRECTORY ".new." /* and the number of the process that writes it */
#define NEW_LINK ".latest."
#define LOCK_LOOK_NS 10000000
#define LOCK_LOOKS 1000 /* 10 s */

/* Where files are written before they are renamed: in the same directory, so in the same file system. */
struct staging {
  const struct campaign *campaign; /* of output_write */
  bool report;
  char target[TARGET_SIZE], fresh[PATH_SIZE], fresh_charts[PATH_SIZE + 16], charts[PATH_SIZE];
};

static bool io_error(struct err *err, const char *doing, const char *path) {
  const int number = errno;
  err_set(err, ERR_IO, "cannot %s '%s': %s", doing, path, strerror(number));
  if (number == EACCES || number == EROFS || number == ENOTDIR)
    err_note(err, "--out DIR writes somewhere else");
  return false;
}

static bool make_directory(const char *path, struct err *err) {
  struct stat status;
  if (mkdir(path, 0777) == 0) return true;
  if (errno == EEXIST && stat(path, &status) == 0) {
    if (S_ISDIR(status.st_mode)) return true;
    errno = ENOTDIR;
  }
  return io_error(err, "make the directory", path);
}

/* As mkdir -p. */
static bool make_directories(const char *path, struct err *err) {
  char prefix[512];
  for (size_t i = 1; path[i] != '\0'; i++) {
    if (path[i] != '/' || path[i - 1] == '/') continue;
    snprintf(prefix, sizeof prefix, "%.*s", (int)i, path);
    if (!make_directory(prefix, err)) return false;
  }
  return make_directory(path, err);
}

/* The files that charts may have, and which of them there are. */
struct chart_files {
  char names[2 * CHARTS_MAX][CHART_NAME_MAX + 4];
  bool there[2 * CHARTS_MAX];
  size_t count;
};

static void find_charts(struct chart_files *charts, const char *folder) {
  DIR *directory = opendir(folder);
  if (!directory) return;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    for (size_t i = 0; i < charts->count; i++) charts->there[i] |= strcmp(charts->names[i], entry->d_name) == 0;
  closedir(directory);
}

static bool is_there(const char *folder, const char *name) {
  char path[PATH_SIZE + 128];
  struct stat status;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return lstat(path, &status) == 0;
}

/* Copies of the scenario's files, of this campaign or of the one before. */
static bool each_input(bool (*visit)(struct staging *, const char *, struct err *), struct staging *staging,
                       struct err *err) {
  char name[SCENARIO_KEPT_NAME_MAX];
  for (size_t i = 0;; i++) {
    scenario_kept_name(i, name);
    if (!is_there(staging->fresh, name) && !is_there(staging->target, name)) return true;
    if (!visit(staging, name, err)) return false;
  }
}

/* Calls `visit` with the name, relative to the directory, of every file that there may be, but the manifest; of charts,
 * whose names are many, only those that are in one of both places. */
static bool each_name(bool (*visit)(struct staging *, const char *, struct err *),
                      struct staging *staging, struct err *err) {
  for (size_t i = 0; i < FILES; i++)
    if (!visit(staging, files[i].name, err)) return false;
  if (!visit(staging, REPORT, err) || !each_input(visit, staging, err)) return false;
  struct chart_files charts = {.count = 0};
  char name[CHART_NAME_MAX];
  for (size_t i = 0; charts_name(i, name); i++) {
    snprintf(charts.names[charts.count++], sizeof charts.names[0], "%s.gp", name);
    snprintf(charts.names[charts.count++], sizeof charts.names[0], "%s.svg", name);
  }
  find_charts(&charts, staging->charts);
  find_charts(&charts, staging->fresh_charts);
  for (size_t i = 0; i < charts.count; i++) {
    char path[sizeof charts.names[0] + 8];
    snprintf(path, sizeof path, "charts/%s", charts.names[i]);
    if (charts.there[i] && !visit(staging, path, err)) return false;
  }
  return true;
}

static bool forget(struct staging *staging, const char *name, struct err *err) {
  (void)err;
  char path[PATH_SIZE + 128];
  snprintf(path, sizeof path, "%s/%s", staging->fresh, name);
  unlink(path);
  return true;
}

static void stage_remove(struct staging *staging) {
  each_name(forget, staging, NULL);
  forget(staging, MANIFEST, NULL);
  rmdir(staging->fresh_charts);
  rmdir(staging->fresh);
}

/* Nothing is renamed before it is known that every place can take its file. */
static bool check_place(struct staging *staging, const char *name, struct err *err) {
  char path[PATH_SIZE + 128];
  struct stat status;
  snprintf(path, sizeof path, "%s/%s", staging->target, name);
  if (lstat(path, &status) != 0 || !S_ISDIR(status.st_mode)) return true;
  errno = EISDIR;
  return io_error(err, "write", path);
}

/* A file of this campaign: if it is not in `fresh`, somebody has removed it there. */
static bool was_made(const struct staging *staging, const char *name) {
  for (size_t i = 0; i < FILES; i++)
    if (strcmp(files[i].name, name) == 0) return !files[i].where || files[i].where(staging->campaign);
  return strcmp(name, MANIFEST) == 0 || (staging->report && strcmp(name, REPORT) == 0);
}

static bool check_made(struct staging *staging, const char *name, struct err *err) {
  if (!was_made(staging, name) || is_there(staging->fresh, name)) return true;
  return err_set(err, ERR_IO, "'%s/%s' was removed before it was in its place", staging->fresh, name);
}

static bool commit_one(struct staging *staging, const char *name, struct err *err) {
  char from[PATH_SIZE + 128], to[PATH_SIZE + 128];
  snprintf(from, sizeof from, "%s/%s", staging->fresh, name);
  snprintf(to, sizeof to, "%s/%s", staging->target, name);
  if (rename(from, to) == 0) return true;
  if (errno != ENOENT || was_made(staging, name)) return io_error(err, "write", to);
  unlink(to); /* not made this time: an old one would belong to other numbers */
  return true;
}

/* As long as another process puts its files there: a moment, unless it has been stopped. Returns what is to be closed. */
static int lock_directory(const char *path, struct err *err) {
  const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return io_error(err, "write into", path), -1;
  for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; waited++) {
    if (waited == LOCK_LOOKS) {
      err_set(err, ERR_CONFLICT, "another process is writing its files into '%s', and does not end", path);
      close(fd);
      return -1;
    }
    nanosleep(&(struct timespec){.tv_nsec = LOCK_LOOK_NS}, NULL);
  }
  return fd; /* or nobody watches: some file systems have no locks */
}

/* [I1] */
static bool commit(struct staging *staging, struct err *err) {
  char manifest[PATH_SIZE + 128];
  snprintf(manifest, sizeof manifest, "%s/" MANIFEST, staging->target);
  if (!make_directory(staging->target, err)) return false;
  const int lock = lock_directory(staging->target, err);
  if (lock < 0) return false;
  bool good = each_name(check_place, staging, err) && check_place(staging, MANIFEST, err) &&
              each_name(check_made, staging, err) && check_made(staging, MANIFEST, err) &&
              make_directory(staging->charts, err);
  if (good && unlink(manifest) != 0 && errno != ENOENT) good = io_error(err, "replace", manifest);
  good = good && each_name(commit_one, staging, err) && commit_one(staging, MANIFEST, err);
  close(lock);
  return good;
}

/* What the page says of the files beside it. */
static bool write_report(const struct staging *staging, const struct campaign *campaign, const struct output_options *options,
                         FILE *file) {
  struct report_file beside[FILES + 3];
  size_t count = 0;
  for (size_t i = 0; i < FILES; i++)
    if (!files[i].where || files[i].where(campaign)) beside[count++] = (struct report_file){files[i].name, files[i].about};
  if (campaign->scenario->file_count > 0)
    beside[count++] = (struct report_file){"input-1.csv", "and those that follow: copies of what resolved.yaml reads"};
  beside[count++] = (struct report_file){"charts/", "each chart, and the gnuplot script that makes it from the files above"};
  beside[count++] = (struct report_file){MANIFEST, "how to make all this again; alone tells the machine and the time"};
  const struct report_html report = {.campaign = campaign,
                                     .version = options->version,
                                     .charts = staging->fresh_charts,
                                     .files = beside,
                                     .file_count = count,
                                     .interrupt = options->interrupt};
  return report_html_write(&report, file);
}

static bool write_file(const struct staging *staging, const struct campaign *campaign,
                       const char *name, table_writer *write, const struct output_options *options,
                       struct err *err) {
  char path[PATH_SIZE + 128];
  snprintf(path, sizeof path, "%s/%s", staging->fresh, name);
  FILE *file = fopen(path, "w");
  if (!file) return io_error(err, "write", path);
  errno = 0;
  bool good = write                       ? write(campaign, file)
              : strcmp(name, REPORT) == 0 ? write_report(staging, campaign, options, file)
                                          : manifest_write(campaign, options->version, file);
  good = good && !ferror(file) && fflush(file) == 0;
  const int number = errno;
  if (fclose(file) == 0 && good) return true;
  errno = number;
  return io_error(err, "write", path);
}

static bool write_inputs(const struct staging *staging, const struct scenario *scenario, struct err *err) {
  char path[PATH_SIZE + 128], name[SCENARIO_KEPT_NAME_MAX];
  for (size_t i = 0; i < scenario->file_count; i++) {
    scenario_kept_name(i, name);
    snprintf(path, sizeof path, "%s/%s", staging->fresh, name);
    FILE *file = fopen(path, "w");
    if (!file) return io_error(err, "write", path);
    const size_t length = scenario->files[i].length, written = fwrite(scenario->files[i].text, 1, length, file);
    if (fclose(file) != 0 || written < length) return io_error(err, "write", path);
  }
  return true;
}

static bool stage_write(struct staging *staging, const struct campaign *campaign,
                        const struct output_options *options, struct err *err) {
  if (!make_directory(staging->fresh, err) || !make_directory(staging->fresh_charts, err))
    return false;
  for (size_t i = 0; i < FILES; i++)
    if ((!files[i].where || files[i].where(campaign)) &&
        !write_file(staging, campaign, files[i].name, files[i].write, options, err))
      return false;
  if (!write_inputs(staging, campaign->scenario, err)) return false;
  if (!write_file(staging, campaign, MANIFEST, NULL, options, err)) return false;
  if (!charts_write_scripts(campaign, staging->fresh_charts, err)) return false;
  if (options->charts)
    charts_render(staging->fresh_charts, options->chart_limit_ms ? options->chart_limit_ms : OUTPUT_CHART_LIMIT_MS,
                  options->interrupt);
  if (options->report && !write_file(staging, campaign, REPORT, NULL, options, err)) return false; /* with the charts */
  return !options->interrupt || interrupt_seen(options->interrupt) == 0 ||
         err_set(err, ERR_IO, "interrupted: no file of '%s' was replaced", staging->target);
}

/* <out>/latest: made elsewhere and renamed, because a symlink cannot be overwritten. */
static bool link_latest(const struct staging *staging, const char *out, const char *name, struct err *err) {
  char link_path[PATH_SIZE], fresh[PATH_SIZE];
  snprintf(link_path, sizeof link_path, "%s/latest", out);
  snprintf(fresh, sizeof fresh, "%s/" NEW_LINK "%ld", staging->target, (long)getpid());
  unlink(fresh);
  if (symlink(name, fresh) == 0 && rename(fresh, link_path) == 0) return true;
  io_error(err, "make the link", link_path);
  unlink(fresh);
  return false;
}

/* Something else of this name is not ours to remove. */
static bool check_link(const char *out, struct err *err) {
  char path[PATH_SIZE];
  struct stat status;
  snprintf(path, sizeof path, "%s/latest", out);
  if (lstat(path, &status) != 0 || S_ISLNK(status.st_mode)) return true;
  err_set(err, ERR_CONFLICT, "'%s' is in the way: it was to be a link to the last results", path);
  return err_note(err, "move it, or write somewhere else with --out DIR");
}

static bool too_long(struct err *err) {
  return err_set(err, ERR_LIMIT, "the path of the results is longer than %d bytes (--out)", TARGET_SIZE - 1);
}

/* All paths of a campaign's output. */
static bool stage_paths(const char *out, const char *name, struct staging *staging,
                        struct err *err) {
  const int length = snprintf(staging->target, sizeof staging->target, "%s/%s", out, name);
  if (length < 0 || (size_t)length >= sizeof staging->target) return too_long(err);
  snprintf(staging->charts, sizeof staging->charts, "%s/charts", staging->target);
  snprintf(staging->fresh, sizeof staging->fresh, "%s/" NEW_DIRECTORY "%ld", staging->target, (long)getpid());
  snprintf(staging->fresh_charts, sizeof staging->fresh_charts, "%s/charts", staging->fresh);
  return true;
}

bool output_check(const char *out, const char *scenario_name, struct err *err) {
  struct staging staging;
  struct interrupt interrupt;
  if (!stage_paths(out, scenario_name, &staging, err) || !make_directories(staging.target, err))
    return false;
  struct stat charts;
  interrupt_begin(&interrupt); /* a moment: the directory would be left */
  const bool good = make_directory(staging.fresh, err) && each_name(check_place, &staging, err) &&
                    check_place(&staging, MANIFEST, err) &&
                    (lstat(staging.charts, &charts) != 0 || make_directory(staging.charts, err)) &&
                    check_link(out, err);
  rmdir(staging.fresh);
  interrupt_end(&interrupt);
  return good;
}

void output_clean(const char *out, const char *scenario_name) {
  struct staging staging;
  struct err none = {0};
  if (!stage_paths(out, scenario_name, &staging, &none)) return;
  DIR *directory = opendir(staging.target);
  if (!directory) return;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (!fresh_is_left(staging.target, entry->d_name, NEW_DIRECTORY) &&
        !fresh_is_left(staging.target, entry->d_name, NEW_LINK))
      continue;
    snprintf(staging.fresh, sizeof staging.fresh, "%s/%.200s", staging.target, entry->d_name);
    snprintf(staging.fresh_charts, sizeof staging.fresh_charts, "%s/charts", staging.fresh);
    if (unlink(staging.fresh) != 0) stage_remove(&staging);
  }
  closedir(directory);
}

const char *output_name(size_t index, const char **out_about) {
  static const char *const more[][2] = {{REPORT, REPORT_ABOUT}, {MANIFEST, MANIFEST_ABOUT}};
  if (index >= FILES + sizeof more / sizeof *more) return NULL;
  *out_about = index < FILES ? files[index].about : more[index - FILES][1];
  return index < FILES ? files[index].name : more[index - FILES][0];
}

bool output_write(const struct campaign *campaign, const struct output_options *options,
                  char out_directory[512], struct err *err) {
  struct staging staging;
  const char *name = campaign->scenario->name;
  if (!stage_paths(options->out, name, &staging, err)) return false;
  snprintf(out_directory, TARGET_SIZE, "%s", staging.target);
  staging.campaign = campaign;
  staging.report = options->report;
  if (!make_directories(staging.target, err) || !make_directory(staging.fresh, err)) return false;
  /* For who cannot see this process, in another container or on another machine: fresh_is_left. */
  const int held = open(staging.fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (held >= 0) (void)(flock(held, LOCK_EX | LOCK_NB) == 0); /* or nobody watches */
  const bool good = stage_write(&staging, campaign, options, err) && commit(&staging, err);
  stage_remove(&staging);
  if (held >= 0) close(held);
  return good && link_latest(&staging, options->out, name, err);
}

bool output_file(const char *directory, const char *name, void (*write)(void *context, FILE *file), void *context,
                 char out_path[512], struct err *err) {
  struct fresh_file file;
  struct interrupt interrupt;
  if (snprintf(out_path, TARGET_SIZE, "%s/%s", directory, name) >= TARGET_SIZE) return too_long(err);
  if (!make_directories(directory, err)) return false;
  interrupt_begin(&interrupt); /* a short text: signals wait for it */
  bool good = fresh_open(&file, out_path, err);
  if (good) write(context, file.file);
  good = good && fresh_commit(&file, err);
  interrupt_end(&interrupt);
  return good;
}

bool output_add(const char *out, const char *scenario_name, const char *folder, const char *name,
                void (*write)(void *context, FILE *file), void *context, char out_path[512],
                struct err *err) {
  char directory[TARGET_SIZE];
  if (snprintf(directory, TARGET_SIZE, "%s/%s/%s", out, scenario_name, folder) >= TARGET_SIZE) return too_long(err);
  return output_file(directory, name, write, context, out_path, err);
}
