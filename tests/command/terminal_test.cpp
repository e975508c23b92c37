// What a terminal shows of long work, and tables that fit it.

#include <gtest/gtest.h>

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <thread>

#include "base/check.h"
#include "support/cli.h"
#include "tools/elbo/commands/command.h"
#include "tools/elbo/reports/column_table.h"
#include "tools/elbo/reports/progress.h"
#include "tools/elbo/reports/report.h"
#include "tools/elbo/reports/waiting_line.h"
#include "tools/elbo/reports/width.h"

namespace elbo::command {
namespace {

using test::Environment;

/// The epochs of a training that are shown; `improves` says which are better than all before.
template <class Improves>
std::vector<std::int64_t> shown(std::int64_t epochs, std::int64_t lines, Improves improves) {
  ShownEpochs choice(epochs, lines);
  std::vector<std::int64_t> all;
  double cost = 1e6;
  for (std::int64_t e = 1; e <= epochs; ++e) {
    if (improves(e)) cost -= 1.0;
    if (choice.shows(e, improves(e) ? cost : cost + 0.5)) all.push_back(e);
  }
  return all;
}

TEST(Terminal, ShortTrainingsShowEveryEpoch) {
  EXPECT_EQ(shown(100, 100, [](auto) { return false; }).size(), 100u);
}

TEST(Terminal, LongTrainingsShowTheFirstTheLastAndImprovementsBetween) {
  const auto improves = [](std::int64_t e) { return e % 7 == 0; };
  const auto all = shown(5000, 100, improves);
  EXPECT_EQ(all.front(), 1);
  EXPECT_EQ(all.back(), 5000);
  EXPECT_LE(all.size(), 102u);
  EXPECT_GE(all.size(), 50u);
  for (std::size_t i = 1; i + 1 < all.size(); ++i) {
    EXPECT_TRUE(improves(all[i])) << all[i];
    EXPECT_GE(all[i] - all[i - 1], 50);
  }
}

TEST(Terminal, LongTrainingsThatDoNotImproveShowSomeEpochs) {
  const auto all = shown(1000, 100, [](std::int64_t e) { return e == 1; });
  ASSERT_GE(all.size(), 50u);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LE(all[i] - all[i - 1], 20);
}

TEST(Terminal, AStoppedTrainingShowsItsLastEpoch) {
  ELBO_REQUIRE_DEVICE();
  const test::TempFolder folder;
  const auto trained = test::run_elbo(test::small_training(
      {"latent-2d", "--out", folder / "run", "--epochs", "4000", "--batch", "1000", "--set",
       "data.validation=0.2", "--set", "train.patience=7", "--set", "train.learning_rate=0.05"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto json = Json::parse(io::read_file(folder / "run/metrics.jsonl")
                                    .substr(io::read_file(folder / "run/metrics.jsonl").rfind("{\"epoch\"")));
  ASSERT_TRUE(json.has_value());
  const auto last = static_cast<int>(json->at("epoch").number());
  EXPECT_SAYS(trained.err, concat("epoch ", last, "/4000"));
  const auto lines = std::count(trained.err.begin(), trained.err.end(), '\n');
  EXPECT_LE(lines, 110) << trained.err;
}

bool has_terminals() {
  int reader = -1, terminal = -1;
  if (openpty(&reader, &terminal, nullptr, nullptr, nullptr) != 0) return false;
  close(reader);
  close(terminal);
  return true;
}

#define ELBO_REQUIRE_TERMINAL() \
  if (!has_terminals()) GTEST_SKIP() << "this machine gives no pseudo-terminal: is /dev/pts mounted?"

/// Standard error, or standard output, on a terminal of its own.
class OnTerminal {
 public:
  OnTerminal(int descriptor, unsigned short columns) : descriptor_(descriptor), saved_(dup(descriptor)) {
    winsize size{24, columns, 0, 0};
    EXPECT_EQ(openpty(&reader_, &terminal_, nullptr, nullptr, &size), 0);
    dup2(terminal_, descriptor);
    fcntl(reader_, F_SETFL, O_NONBLOCK);
  }
  ~OnTerminal() {
    dup2(saved_, descriptor_);
    for (const int open : {saved_, reader_, terminal_}) close(open);
  }
  std::string read_all() const {
    std::string text;
    char buffer[4096];
    for (ssize_t got; (got = read(reader_, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    return text;
  }

 private:
  int descriptor_, saved_, reader_ = -1, terminal_ = -1;
};

/// What a line of waiting writes while `work` runs.
template <class Work>
std::string written_while(std::chrono::milliseconds before, unsigned short columns, Work work) {
  const OnTerminal terminal(STDERR_FILENO, columns);
  std::string text;
  {
    WaitingLine line("imputing", before);
    work(line, [&] { return text += terminal.read_all(); });
  }
  return text + terminal.read_all();
}

/// What a complaint writes on a terminal.
std::string complained(const char* kind, const std::optional<std::string>& no_color) {
  const Environment term("TERM", kind), none("NO_COLOR", no_color);
  const OnTerminal terminal(STDERR_FILENO, 80);
  complain("no such file.", 1);
  return terminal.read_all();
}

TEST(Terminal, ErrorsAreRedWhereATerminalHasColours) {
  ELBO_REQUIRE_TERMINAL();
  EXPECT_EQ(complained("xterm", std::nullopt), "\033[31melbo:\033[0m no such file.\r\n");
  EXPECT_EQ(complained("xterm", "1"), "elbo: no such file.\r\n");
  EXPECT_EQ(complained("dumb", std::nullopt), "elbo: no such file.\r\n");
}

TEST(Terminal, LongWorkHasALineThatIsRemoved) {
  ELBO_REQUIRE_TERMINAL();
  const auto text = written_while(std::chrono::milliseconds(0), 80, [](WaitingLine& line, auto read) {
    line.done(0.25);
    for (int i = 0; i < 2000 && read().find("left") == std::string::npos; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  EXPECT_SAYS(text, "imputing");
  EXPECT_SAYS(text, "25 %");
  EXPECT_TRUE(text.ends_with("\r\033[K")) << "the line is removed";
}

TEST(Terminal, ShortWorkHasNoLine) {
  ELBO_REQUIRE_TERMINAL();
  EXPECT_EQ(written_while(std::chrono::hours(1), 80, [](WaitingLine&, auto) {}), "");
}

TEST(Terminal, ANarrowTerminalGetsNoLineThatWraps) {
  ELBO_REQUIRE_TERMINAL();
  const auto text = written_while(std::chrono::milliseconds(0), 6, [](WaitingLine&, auto read) {
    for (int i = 0; i < 2000 && read().find("imp") == std::string::npos; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  EXPECT_SAYS(text, "imput");
  EXPECT_EQ(text.find("imputi"), std::string::npos) << text;
}

TEST(Terminal, TheWidthIsThatOfColumnsOrTheTerminal) {
  ELBO_REQUIRE_TERMINAL();
  {
    const Environment columns("COLUMNS", "132");
    EXPECT_EQ(table_width(), 132u);
    EXPECT_TRUE(has_table_width());
  }
  for (const char* odd : {"0", "wide", "-5", ""}) {
    const Environment columns("COLUMNS", odd);
    const OnTerminal terminal(STDOUT_FILENO, 101);
    EXPECT_EQ(table_width(), 101u) << odd;
  }
  const Environment columns("COLUMNS", std::nullopt);
  const int saved = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);
  dup2(null, STDOUT_FILENO);
  EXPECT_EQ(table_width(), 80u) << "no terminal";
  EXPECT_FALSE(has_table_width());
  dup2(saved, STDOUT_FILENO);
  close(saved);
  close(null);
}

/// What is printed, and the length of its longest line.
std::string printed(const std::vector<TableLine>& lines, const char* columns, std::size_t* longest) {
  const Environment environment("COLUMNS", columns);
  testing::internal::CaptureStdout();
  print_columns(lines, 2);
  const std::string text = testing::internal::GetCapturedStdout();
  *longest = 0;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t to = text.find('\n', from);
    *longest = std::max(*longest, characters(text.substr(from, to - from)));
    from = to + 1;
  }
  return text;
}

TEST(Terminal, TablesAreAsWideAsTheTerminalAllows) {
  const std::vector<TableLine> lines = {{"op", "shape", "us"},
                                        {"gemm", std::string(90, 's') + "end", "12.5"}};
  std::size_t longest = 0;
  const auto narrow = printed(lines, "72", &longest);
  EXPECT_EQ(longest, 72u) << narrow;
  EXPECT_SAYS(narrow, "end  12.5");
  EXPECT_SAYS(narrow, "…");
  const auto wide = printed(lines, "200", &longest);
  EXPECT_EQ(wide.find("…"), std::string::npos);
  EXPECT_EQ(longest, 4u + 2 + 93 + 2 + 4);
}

TEST(Terminal, SpareColumnsAreLeftOutFirst) {
  const Environment columns("COLUMNS", "60");
  const std::vector<TableLine> lines = {{"op", "us", "rate"}, {std::string(52, 'o'), "12.5", "9.75"}};
  for (const std::size_t spare : {0u, 1u}) {
    testing::internal::CaptureStdout();
    print_columns(lines, 1, spare);
    const std::string text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(text.find("9.75") == std::string::npos, spare == 1) << text;
    EXPECT_SAYS(text, "12.5");
  }
}

TEST(Terminal, TextsGoOnInFurtherLines) {
  const std::string text = "a training that is described in very many words which do not fit one line of it";
  {
    const Environment columns("COLUMNS", "60");
    EXPECT_EQ(wrapped(text, 20),
              "a training that is described in very\n                    many words which do not fit one "
              "line of\n                    it");
    EXPECT_EQ(wrapped("short", 20), "short");
  }
  const Environment columns("COLUMNS", std::nullopt);
  testing::internal::CaptureStdout();  // no terminal
  print_described({{"one", text}, {"three", "3"}});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "one    " + text + "\nthree  3\n");
}

TEST(Terminal, HelpFitsTheWidth) {
  const std::string help =
      "Usage: elbo x\n\nOptions:\n  -h,--help           Show this\n  -n,--count N        Number of the many "
      "examples that there are\n";
  {
    const Environment columns("COLUMNS", "50");
    EXPECT_EQ(
        fitted(help),
        "Usage: elbo x\n\nOptions:\n  -h,--help           Show this\n  -n,--count N        Number of the "
        "many examples\n                      that there are\n");
  }
  const Environment columns("COLUMNS", "40");
  EXPECT_EQ(
      fitted(help),
      "Usage: elbo x\n\nOptions:\n  -h,--help\n      Show this\n  -n,--count N\n      Number of the many "
      "examples that\n      there are\n");
  EXPECT_EQ(fitted("a text of more than forty characters with no gap"),
            "a text of more than forty characters\nwith no gap");
}

TEST(Terminal, NamesAreAboveTheirTextsWhereLittleIsLeft) {
  const Environment columns("COLUMNS", "40");
  testing::internal::CaptureStdout();
  print_described({{"a-name-of-twenty-characters", "what it is"}, {"b", "another"}});
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "a-name-of-twenty-characters\n    what it is\nb\n    another\n");
}

TEST(Terminal, PartsFillTheWidth) {
  std::vector<std::pair<std::string, double>> parts;
  for (int i = 0; i < 20; ++i) parts.emplace_back(concat("column-number-", i), 1.0);
  for (const std::size_t width : {80u, 160u}) {
    const Environment columns("COLUMNS", std::to_string(width));
    testing::internal::CaptureStdout();
    print_parts(parts);
    const std::string text = testing::internal::GetCapturedStdout();
    EXPECT_LE(text.find('\n'), width);
    EXPECT_GT(text.find('\n'), width - 30);
  }
}

}  // namespace
}  // namespace elbo::command
