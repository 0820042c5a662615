/*
 * What one login checks, as a C program with OpenSSL 3: the limit of what can be had.
 *
 * usage: baseline KEY_SET ISSUER AUDIENCE USER CLAIM GROUP SOCKET <token
 *
 * The token is a compact RS256 JWS. It is good when a key of KEY_SET (a JSON file with "keys") signed it, "iss" is
 * ISSUER, "aud" holds AUDIENCE, "exp" lies ahead, CLAIM is USER, and "groups" holds GROUP. One datagram
 * goes to SOCKET. Exit status 0: the token is good; 1: it is not; 2: usage.
 */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MOST_NODES = 4096, DEEPEST = 16, LONGEST_TOKEN = 16384, LARGEST_SET = 262144 };
enum kind { OBJECT, ARRAY, STRING, OTHER };

/* A value of a JSON text. What an object or array holds follows it, names and values alike; then comes `next`. */
struct node { enum kind kind; int start, end, next; };
struct json { const char *text; int length, at, count; struct node nodes[MOST_NODES]; };

static void skip_space(struct json *json) {
  while (json->at < json->length && strchr(" \t\r\n", json->text[json->at])) json->at++;
}

static int take(struct json *json, char wanted) {
  skip_space(json);
  if (json->at >= json->length || json->text[json->at] != wanted) return 0;
  json->at++;
  return 1;
}

static int parse_string(struct json *json, struct node *node) {
  node->kind = STRING;
  node->start = json->at;
  for (; json->at < json->length; json->at++) {
    char byte = json->text[json->at];
    if (byte == '"') {
      node->end = json->at++;
      return 1;
    }
    if ((unsigned char)byte < 0x20) return 0;
    if (byte == '\\') json->at++;
  }
  return 0;
}

static int parse_value(struct json *json, int depth);

static int parse_inside(struct json *json, int depth, int object) {
  char close = object ? '}' : ']';
  if (take(json, close)) return 1;
  do {
    if (object) {
      skip_space(json);
      if (json->at >= json->length || json->text[json->at] != '"') return 0;
      if (!parse_value(json, depth) || !take(json, ':')) return 0;
    }
    if (!parse_value(json, depth)) return 0;
  } while (take(json, ','));
  return take(json, close);
}

static int parse_value(struct json *json, int depth) {
  if (depth > DEEPEST || json->count == MOST_NODES) return 0;
  struct node *node = &json->nodes[json->count++];
  int good;
  if (take(json, '"')) good = parse_string(json, node);
  else if (take(json, '{')) {
    node->kind = OBJECT;
    good = parse_inside(json, depth + 1, 1);
  } else if (take(json, '[')) {
    node->kind = ARRAY;
    good = parse_inside(json, depth + 1, 0);
  } else {
    node->kind = OTHER;
    node->start = json->at;
    while (json->at < json->length && !strchr(",]} \t\r\n", json->text[json->at])) json->at++;
    node->end = json->at;
    good = node->end > node->start;
  }
  node->next = json->count;
  return good;
}

/* Parses all of `text`, which has to be an object. */
static int parse(struct json *json, const char *text, int length) {
  json->text = text;
  json->length = length;
  json->at = json->count = 0;
  if (memchr(text, 0, length) || !parse_value(json, 0)) return 0;
  skip_space(json);
  return json->at == length && json->nodes[0].kind == OBJECT;
}

/* Whether a value is this very string. One that is written with escapes is none. */
static int is(const struct json *json, int index, const char *wanted) {
  const struct node *node = &json->nodes[index];
  int length = node->end - node->start;
  return node->kind == STRING && length == (int)strlen(wanted) &&
         memcmp(json->text + node->start, wanted, length) == 0;
}

/* The value of an object's member; -1 when there is none, or more than one. */
static int member(const struct json *json, int object, const char *name) {
  int found = -1;
  if (json->nodes[object].kind != OBJECT) return -1;
  for (int at = object + 1; at < json->nodes[object].next; at = json->nodes[at + 1].next) {
    if (!is(json, at, name)) continue;
    if (found >= 0) return -1;
    found = at + 1;
  }
  return found;
}

static int member_is(const struct json *json, int object, const char *name, const char *wanted) {
  int value = member(json, object, name);
  return value >= 0 && is(json, value, wanted);
}

static int array_holds(const struct json *json, int array, const char *wanted) {
  if (array < 0 || json->nodes[array].kind != ARRAY) return 0;
  for (int at = array + 1; at < json->nodes[array].next; at = json->nodes[at].next)
    if (is(json, at, wanted)) return 1;
  return 0;
}

/* Base64url without padding (RFC 7515 section 2); the length, or -1. */
static int decode(const char *text, int length, unsigned char *bytes) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  unsigned held = 0;
  int bits = 0, size = 0;
  for (int at = 0; at < length; at++) {
    const char *place = text[at] ? strchr(alphabet, text[at]) : NULL;
    if (!place) return -1;
    held = (held << 6 | (unsigned)(place - alphabet)) & 0xffff;
    if ((bits += 6) >= 8) bytes[size++] = (unsigned char)(held >> (bits -= 8));
  }
  return length % 4 == 1 || (held & ((1u << bits) - 1)) ? -1 : size;
}

static BIGNUM *number(const struct json *json, int index) {
  unsigned char bytes[1024];
  if (index < 0 || json->nodes[index].kind != STRING) return NULL;
  int length = json->nodes[index].end - json->nodes[index].start;
  if (length > 1024) return NULL;
  int size = decode(json->text + json->nodes[index].start, length, bytes);
  return size < 0 ? NULL : BN_bin2bn(bytes, size, NULL);
}

/* What is made here goes with the process. */
static EVP_PKEY *public_key(const struct json *set, int key) {
  BIGNUM *n = number(set, member(set, key, "n")), *e = number(set, member(set, key, "e"));
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
  EVP_PKEY *made = NULL;
  if (!n || !e || BN_num_bits(n) < 2048 || !builder || !context) return NULL;
  if (!OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n)) return NULL;
  if (!OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e)) return NULL;
  if (EVP_PKEY_fromdata_init(context) != 1) return NULL;
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
  return EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, parameters) == 1 ? made : NULL;
}

/* The reason for which the token is refused; NULL when it is good. `arguments` as main() has them. */
static const char *judge(char *token, int length, char **arguments) {
  static struct json header, claims, set;
  static unsigned char first[LONGEST_TOKEN], second[LONGEST_TOKEN], signature[LONGEST_TOKEN];
  static char file[LARGEST_SET];
  const char *end = token + length, *dot = memchr(token, '.', length);
  const char *last = dot ? memchr(dot + 1, '.', end - dot - 1) : NULL;
  if (!last) return "token_malformed";
  int sizes[] = {decode(token, dot - token, first), decode(dot + 1, last - dot - 1, second),
                 decode(last + 1, end - last - 1, signature)};
  if (sizes[0] < 1 || sizes[1] < 1 || sizes[2] < 1) return "token_malformed";
  if (!parse(&header, (char *)first, sizes[0])) return "token_malformed";
  if (!parse(&claims, (char *)second, sizes[1])) return "token_malformed";
  if (!member_is(&header, 0, "alg", "RS256")) return "algorithm_not_allowed";
  if (member(&header, 0, "crit") >= 0) return "token_malformed";
  if (!member_is(&claims, 0, "iss", arguments[2])) return "issuer_unknown";

  FILE *opened = fopen(arguments[1], "r");
  int size = opened ? (int)fread(file, 1, sizeof file, opened) : 0;
  if (size == 0 || size == LARGEST_SET || !parse(&set, file, size)) return "issuer_unavailable";
  int keys = member(&set, 0, "keys"), kid = member(&header, 0, "kid"), found = -1;
  if (keys < 0 || set.nodes[keys].kind != ARRAY || kid < 0 || header.nodes[kid].kind != STRING)
    return "key_not_found";
  char name[256];
  snprintf(name, sizeof name, "%.*s", header.nodes[kid].end - header.nodes[kid].start,
           header.text + header.nodes[kid].start);
  for (int key = keys + 1; key < set.nodes[keys].next; key = set.nodes[key].next)
    if (member_is(&set, key, "kid", name) && member_is(&set, key, "kty", "RSA")) found = key;
  EVP_PKEY *key = found < 0 ? NULL : public_key(&set, found);
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  if (!key || !digest) return "key_not_found";
  if (EVP_DigestVerifyInit(digest, NULL, EVP_sha256(), NULL, key) != 1) return "internal_error";
  if (EVP_DigestVerify(digest, signature, sizes[2], (unsigned char *)token, last - token) != 1)
    return "signature_invalid";

  int audience = member(&claims, 0, "aud"), expiry = member(&claims, 0, "exp");
  if (!member_is(&claims, 0, "aud", arguments[3]) && !array_holds(&claims, audience, arguments[3]))
    return "audience_mismatch";
  if (expiry < 0 || claims.nodes[expiry].kind != OTHER) return "claim_missing";
  char digits[32], *rest;
  snprintf(digits, sizeof digits, "%.*s", claims.nodes[expiry].end - claims.nodes[expiry].start,
           claims.text + claims.nodes[expiry].start);
  double until = strtod(digits, &rest);
  if (*rest || rest == digits || !(until > (double)time(NULL))) return "token_expired";
  if (!array_holds(&claims, member(&claims, 0, "groups"), arguments[6])) return "no_rule_matched";
  return member_is(&claims, 0, arguments[5], arguments[4]) ? NULL : "account_not_permitted";
}

static void report(const char *path, const char *user, const char *reason) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char line[512];
  int length = snprintf(line, sizeof line, "<%d>baseline: decision=%s reason=%s account=%.64s", reason ? 84 : 86,
                        reason ? "deny" : "allow", reason ? reason : "allowed", user);
  int handle = socket(AF_UNIX, SOCK_DGRAM, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  if (handle < 0 || sendto(handle, line, length, 0, (struct sockaddr *)&address, sizeof address) < 0)
    fprintf(stderr, "%s: %s\n%s\n", path, strerror(errno), line);
}

int main(int count, char **arguments) {
  static char token[LONGEST_TOKEN];
  int length = 0;
  if (count != 8) return 2;
  for (ssize_t more; length < LONGEST_TOKEN && (more = read(0, token + length, LONGEST_TOKEN - length)) > 0;)
    length += (int)more;
  while (length > 0 && strchr("\r\n", token[length - 1])) length--;
  const char *reason = length < LONGEST_TOKEN ? judge(token, length, arguments) : "token_malformed";
  report(arguments[7], arguments[4], reason);
  return reason ? 1 : 0;
}
