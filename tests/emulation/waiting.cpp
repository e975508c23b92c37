#include "waiting.h"

#include <map>
#include <sstream>

#include "report.h"

namespace elbo::emulation {

std::string who_waits_where(const std::vector<Thread>& all) {
  std::map<std::string, std::vector<unsigned>> groups;
  for (unsigned t = 0; t < all.size(); ++t) {
    const Thread& thread = all[t];
    switch (thread.wait) {
      case Wait::barrier:
        groups["at the barrier at " + place(thread.file, thread.line)].push_back(t);
        break;
      case Wait::warp:
        groups["at the warp collective at " + place(thread.file, thread.line)].push_back(t);
        break;
      case Wait::finished:
        groups["returned"].push_back(t);
        break;
      case Wait::nothing:
        groups["running"].push_back(t);
        break;
    }
  }
  std::ostringstream text;
  for (const auto& [state, members] : groups) {
    text << (text.tellp() > 0 ? "; " : "") << (members.size() == 1 ? "thread " : "threads ");
    for (std::size_t i = 0; i < members.size();) {
      std::size_t last = i;
      while (last + 1 < members.size() && members[last + 1] == members[last] + 1) ++last;
      text << (i > 0 ? ", " : "") << members[i];
      if (last > i) text << '-' << members[last];
      i = last + 1;
    }
    text << ' ' << state;
  }
  return text.str();
}

}  // namespace elbo::emulation
