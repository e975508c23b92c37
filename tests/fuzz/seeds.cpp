#include "fuzz/seeds.h"

#include "base/check.h"
#include "fuzz/target.h"
#include "io/safetensors.h"
#include "model/schema_text.h"
#include "model/state.h"
#include "support/file_formats.h"
#include "train/gemm_plans.h"
#include "train/metrics.h"

namespace elbo::fuzz {
namespace {

using test::idx_header;
using test::npy;
using Seeds = std::vector<std::string>;

Recipe small_recipe() {
  Recipe recipe;
  recipe.model.encoder = {3};
  recipe.model.decoder = {2, 3};
  recipe.model.latent = 2;
  recipe.train.precision = Precision::fp32;
  return recipe;
}

Schema small_schema() {
  return {{{"age", ColumnKind::numeric, {}, 1600000000.0},
           {"city", ColumnKind::categorical, {"Ulm", "Köln", "a \"quoted\" one"}},
           {"kind", ColumnKind::label, {"a", "b"}},
           {"name", ColumnKind::id, {}}}};
}

Seeds npy_files() {
  const std::vector<float> floats = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
  const std::vector<double> doubles = {0.5, -1e300, 3.0, 4.0};
  const std::vector<std::uint8_t> bytes(24, 7);
  const std::vector<std::int64_t> whole = {1, 0, 2};
  return {npy("<f4", "(3, 2)", floats),
          npy("<f8", "(2, 2)", doubles, true),
          npy("|u1", "(2, 3, 4)", bytes),
          npy("|u1", "(2, 3, 2, 2)", bytes),
          npy("<i8", "(3,)", whole),
          test::npy_raw(test::dictionary("|S3", "(2,)"), "ab\0cde"),
          test::npy_raw(test::dictionary(">f2", "(1, 2)"), std::string("\x3C\0\x40\0", 4), 2)};
}

Seeds npz_files() {
  const InputFile file("seed.npz", ""), sparse("sparse.npz", "");
  const Seeds arrays = npy_files();
  test::npz(file.path(), {{"x_train.npy", arrays[0]}, {"y_train.npy", arrays[4]}, {"names.npy", arrays[5]}});
  const std::vector<std::int64_t> indices = {0, 1, 1}, starts = {0, 1, 3}, shape = {2, 2};
  test::npz(sparse.path(),
            {{"format.npy", test::npy_raw(test::dictionary("|S3", "()"), "csr")},
             {"data.npy", npy("<f8", "(3,)", std::vector<double>{1.0, 2.0, 3.0})},
             {"indices.npy", npy("<i8", "(3,)", indices)},
             {"indptr.npy", npy("<i8", "(3,)", starts)},
             {"shape.npy", npy("<i8", "(2,)", shape)}},
            false);
  return {file.content(), sparse.content()};
}

Seeds idx_files() {
  const std::string pictures = idx_header(8, {2, 3, 4}) + std::string(24, 'p');
  return {pictures, test::gzip(pictures), idx_header(13, {1, 2}) + std::string("\x3F\x80\0\0\x40\0\0\0", 8),
          idx_header(11, {3}) + std::string("\0\1\0\2\0\3", 6)};
}

Seeds tables() {
  return {"a,b,label\n1,2,x\n3,4,y\n5,,x\n",
          "id;preis;datum\nk1;1.234,5;31.01.2024\nk2;2,5;01.02.2024 12:30\nk3;-3;NA\n",
          "1\t2\t3\n4\t5\t6\n7\t8\t9\n",
          "\xEF\xBB\xBF\"a \"\"quoted\"\" name\",\"b,c\"\r\nyes,1e5\r\nno,\"-2\"\r\n",
          "city,n,n\nUlm,1,0\nK\xF6ln,2,1\nUlm,3,0\n"};
}

/// An element of a .mat file: its type, its size, its bytes.
std::string element(std::uint32_t type, std::string bytes) {
  const std::vector<std::uint32_t> tag = {type, static_cast<std::uint32_t>(bytes.size())};
  bytes.resize((bytes.size() + 7) / 8 * 8, '\0');
  return test::raw(tag) + bytes;
}

/// A variable of MATLAB 5 to 7: kind 6 is full, 5 sparse.
std::string variable(const std::string& name, std::uint32_t kind, const std::vector<std::int32_t>& shape,
                     const std::string& values) {
  const std::vector<std::uint32_t> flags = {kind, 2};
  return element(14, element(6, test::raw(flags)) + element(5, test::raw(shape)) + element(1, name) + values);
}

Seeds mat_files() {
  const std::string header = std::string(116, ' ') + std::string(8, '\0') + std::string("\0\1IM", 4);
  const std::vector<double> four = {1.0, 2.0, 3.0, 4.0}, two = {0.5, 2.0};
  const std::vector<std::int32_t> rows = {0, 1}, columns = {0, 1, 2};
  const std::string full = variable("X", 6, {2, 2}, element(9, test::raw(four)));
  const std::string small = variable("y", 6, {2, 1}, element(2, "\1\2"));
  const std::string sparse =
      variable("data", 5, {2, 2},
               element(5, test::raw(rows)) + element(5, test::raw(columns)) + element(9, test::raw(two)));
  return {header + full + small, header + sparse};
}

Seeds pictures() {
  const std::string jpeg = test::jpeg_file({.colour = {100, 20, 30}});
  const std::string palette = std::string(4, '\1') + std::string(4, '\x7F');
  return {
      test::png(3, 2, 3), test::png(2, 2, 4),
      test::png_file({.width = 3, .height = 2, .depth = 16, .rows = std::string(14, '\0')}),
      test::png_file({.width = 9, .height = 2, .depth = 1, .rows = std::string(6, '\0')}),
      test::jpeg(4, 4, 1, 9), test::with_exif(jpeg, test::exif(6)),
      test::jpeg_file({.colour = {1, 2, 3, 4}, .adobe = true}),
      test::jpeg_file({.bands = 3, .refined = true}),
      test::bmp_file({.width = 3, .height = 2, .bits = 24, .rows = std::string(24, 'b')}),
      test::bmp_file({.width = 2, .height = -1, .palette = palette, .rows = std::string("\0\1\0\0", 4)}),
      test::tiff_file({.width = 3, .height = 2, .values = "abcdef"}),
      test::tiff_file({.width = 2,
                       .height = 1,
                       .bits = 16,
                       .samples = 3,
                       .photometric = 2,
                       .values = std::string(12, 't')}),
      // 2 × 1 with alpha, by libwebp without loss
      std::string("RIFF\x20\0\0\0WEBPVP8L\x13\0\0\0\x2F\x01\0\0\x10\x0F\x50\x99\x92\x9D\xC2\xE3\x66\x99\xC1"
                  "\xC8\x88\xFE\x07\0",
                  40)};
}

Seeds recipes() {
  Seeds texts = {Recipe().to_toml(), "model.latent=3", "train.stage_epochs=[1, 2]",
                 "model.encoder=[64, \"gated 3\"]", "[train]\naccumulate = 2\n[model]\nkind = \"vae\" # a\n"};
  for (const std::string& name : Recipe::names()) texts.push_back(Recipe::named(name).to_toml());
  return texts;
}

Seeds networks() {
  return {"[64, 32]\n[16]",
          "[\"conv 8 k4 s2 p1\", \"norm batch\", \"residual 5\"]\n[\"reshape 2x2x3\", \"deconv 3 k4 s2 p1\"]",
          "[\"reshape 8x6x3\", \"gated conv 3 k2 s2 p1\", \"dropout 0.2\"]\n[\"gated 7\", \"norm group 7\"]"};
}

std::string safetensors() {
  const InputFile file("seed.safetensors", "");
  const std::vector<float> floats = {1.0f, 2.0f, 3.0f, 4.0f};
  const std::vector<double> doubles = {0.5};
  const std::vector<std::int64_t> none;
  io::SafetensorsWriter writer;
  writer.text("a", "b \"ö\"\n");
  writer.tensor("x.weight", {2, 2}, floats);
  writer.tensor("y", {}, doubles);
  writer.tensor("z", {0, 3}, none);
  writer.write(file.path());
  return file.content();
}

Seeds models() {
  const InputFile file("seed.safetensors", "");
  Seeds files;
  for (const char* likelihood : {"bernoulli", "gaussian-shared", "categorical"}) {
    Recipe recipe = small_recipe();
    recipe.model.likelihood = likelihood;
    if (recipe.model.likelihood == "categorical") recipe.model.classes = 3;
    Model model(recipe, 2, Device::cpu());
    state_of(model).schema = small_schema();
    model.save(file.path());
    files.push_back(file.content());
  }
  return files;
}

std::string checkpoint() {
  const InputFile file("seed.safetensors", "");
  Model model = checkpointed_model();
  ModelState& state = state_of(model);
  save_checkpoint(file.path(), state, kCheckpointedData, {1, 2, 5, {}, 1, 0.5}, arrays_to_host(state));
  return file.content();
}

Seeds metrics() {
  std::string lines;
  for (std::int64_t epoch = 1; epoch <= 3; ++epoch) {
    EpochMetrics line;
    line.epoch = epoch;
    lines += to_json(line) + "\n";
  }
  return {lines, lines.substr(0, lines.size() / 2), "{\"epoch\":1}\nnull\n{\"epoch\":2}\n"};
}

Seeds schemas() {
  return {"\2" + schema_to_text(small_schema()), std::string("\0{\"columns\":[]}", 15)};
}

}  // namespace

Model checkpointed_model() {
  Model model(small_recipe(), 4, Device::cpu());
  state_of(model).vae->parameters().prepare_training();
  return model;
}

std::map<std::string, Seeds> seeds() {
  const StoredPlans plans = {"GPU 1", {{"a", "tile 64"}, {"b", "split 2"}}};
  return {{"npy", npy_files()},
          {"npz", npz_files()},
          {"idx", idx_files()},
          {"csv", tables()},
          {"mask", {"1,0\n0,1\n1,1\n", "a,b\n1,0\n0,1\n"}},
          {"matrix_market",
           {"%%MatrixMarket matrix coordinate real general\n% a\n3 2 2\n1 1 0.5\n3 2 -2e1\n",
            "%%MatrixMarket matrix coordinate pattern symmetric\n2 2 2\n1 1\n2 1\n",
            "%%MatrixMarket matrix array integer general\n2 2\n1\n2\n3\n4\n"}},
          {"svmlight", {"1 1:0.5 3:2 # a\n-1 2:1e3\n", "0.5 qid:3 0:1\n1 2:2\n"}},
          {"mat", mat_files()},
          {"picture", pictures()},
          {"recipe", recipes()},
          {"network", networks()},
          {"safetensors", {safetensors()}},
          {"model", models()},
          {"checkpoint", {checkpoint()}},
          {"metrics", metrics()},
          {"schema", schemas()},
          {"plans", {plans.to_text()}}};
}

}  // namespace elbo::fuzz
