/* Times libgcrypt's and OpenSSL's SM2, SM3 and SM4: one line "LIBRARY/ROW NANOSECONDS" each, CPU time.
 * primitives.rs compiles and runs it where libgcrypt20-dev and libssl-dev are installed. */

#include <gcrypt.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void require(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "rivals.c: %s failed\n", what);
        exit(1);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of nine, each over about a millisecond. */
static void tell(const char *name, void (*work)(void)) {
    double times[9];
    for (int i = 0; i < 9; i++) {
        for (long calls = 1;; calls *= 2) {
            double begin = now();
            for (long j = 0; j < calls; j++) work();
            double elapsed = now() - begin;
            times[i] = elapsed / calls;
            if (elapsed > 8e5) break;
        }
    }
    qsort(times, 9, sizeof *times, compare);
    printf("%s %.0f\n", name, times[4]);
}

static unsigned char data[1 << 20], out[1 << 20], tag[16], digest[32];
static gcry_sexp_t private_key, public_key, hash, signature;
static EVP_PKEY *key;
static unsigned char der[100];
static size_t der_length;

static void gcrypt_gcm(size_t length) {
    gcry_cipher_hd_t cipher;
    require(!gcry_cipher_open(&cipher, GCRY_CIPHER_SM4, GCRY_CIPHER_MODE_GCM, 0), "libgcrypt's SM4");
    require(!gcry_cipher_setkey(cipher, "0123456789abcdef", 16), "setkey");
    require(!gcry_cipher_setiv(cipher, "0123456789ab", 12), "setiv");
    require(!gcry_cipher_final(cipher), "final");
    require(!gcry_cipher_encrypt(cipher, out, length, data, length), "encrypt");
    require(!gcry_cipher_gettag(cipher, tag, 16), "gettag");
    gcry_cipher_close(cipher);
}

static void gcrypt_gcm_long(void) { gcrypt_gcm(1 << 20); }
static void gcrypt_gcm_short(void) { gcrypt_gcm(64); }
static void gcrypt_sm3(void) { gcry_md_hash_buffer(GCRY_MD_SM3, digest, data, 64 << 10); }

static void gcrypt_sign(void) {
    gcry_sexp_t made;
    require(!gcry_pk_sign(&made, hash, private_key), "libgcrypt's signing");
    gcry_sexp_release(made);
}

static void gcrypt_verify(void) { require(!gcry_pk_verify(signature, hash, public_key), "libgcrypt's verifying"); }

static void openssl_sm3(void) { EVP_Digest(data, 64 << 10, digest, NULL, EVP_sm3(), NULL); }

static void openssl_ctr(void) {
    int length;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    const unsigned char *bytes = (const unsigned char *)"0123456789abcdef";
    require(EVP_EncryptInit_ex(cipher, EVP_sm4_ctr(), NULL, bytes, bytes) == 1, "OpenSSL's SM4");
    require(EVP_EncryptUpdate(cipher, out, &length, data, 1 << 20) == 1, "OpenSSL's SM4");
    EVP_CIPHER_CTX_free(cipher);
}

static void openssl_sign(void) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    der_length = sizeof der;
    require(EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_sign(context, der, &der_length, digest, 32) == 1, "signing");
    EVP_PKEY_CTX_free(context);
}

static void openssl_verify(void) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    require(EVP_PKEY_verify_init(context) == 1 && EVP_PKEY_verify(context, der, der_length, digest, 32) == 1, "verify");
    EVP_PKEY_CTX_free(context);
}

static void prepare(void) {
    gcry_sexp_t wanted, pair;
    require(gcry_check_version("1.9.0") != NULL, "libgcrypt 1.9");
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    memset(data, 7, sizeof data);
    require(!gcry_sexp_build(&wanted, NULL, "(genkey (ecc (curve sm2p256v1)))"), "libgcrypt's curve");
    require(!gcry_pk_genkey(&pair, wanted), "libgcrypt's key");
    private_key = gcry_sexp_find_token(pair, "private-key", 0);
    public_key = gcry_sexp_find_token(pair, "public-key", 0);
    gcry_md_hash_buffer(GCRY_MD_SM3, digest, data, 100);
    require(!gcry_sexp_build(&hash, NULL, "(data (flags sm2) (hash sm3 %b))", 32, digest), "libgcrypt's digest");
    require(!gcry_pk_sign(&signature, hash, private_key), "libgcrypt's signing");
    key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    require(key != NULL, "OpenSSL's key");
    openssl_sign();
}

int main(void) {
    prepare();
    tell("libgcrypt/SM2 sign", gcrypt_sign);
    tell("libgcrypt/SM2 verify, known key", gcrypt_verify);
    tell("libgcrypt/SM3, one message of 64 KiB", gcrypt_sm3);
    tell("libgcrypt/SM4-GCM, 1 MiB", gcrypt_gcm_long);
    tell("libgcrypt/SM4-GCM, 64 bytes", gcrypt_gcm_short);
    tell("OpenSSL/SM2 sign", openssl_sign);
    tell("OpenSSL/SM2 verify, known key", openssl_verify);
    tell("OpenSSL/SM3, one message of 64 KiB", openssl_sm3);
    tell("OpenSSL/SM4-CTR, 1 MiB", openssl_ctr);
    return 0;
}
