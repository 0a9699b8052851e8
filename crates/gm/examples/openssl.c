/* Answers the requests of differential_openssl.rs with OpenSSL's SM2, SM3 and SM4.
 *
 * A request is a letter with its fields, those of variable length behind two bytes of length; so is an answer. */

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "openssl.c: %s failed\n", what);
        exit(1);
    }
}

static int take(void *bytes, size_t length) { return fread(bytes, 1, length, stdin) == length; }

static size_t take_long(unsigned char *bytes) {
    unsigned char length[2];
    require(take(length, 2), "reading a length");
    size_t count = length[0] << 8 | length[1];
    require(take(bytes, count), "reading bytes");
    return count;
}

static void give_long(const unsigned char *bytes, size_t count) {
    unsigned char length[2] = {count >> 8, count & 255};
    fwrite(length, 1, 2, stdout);
    fwrite(bytes, 1, count, stdout);
}

/* From the private key, or none, and 65 bytes of public key. */
static EVP_PKEY *take_key(int is_private) {
    unsigned char d[32], public[65];
    require(!is_private || take(d, 32), "reading a private key");
    require(take(public, 65), "reading a public key");
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, public, 65);
    BIGNUM *number = is_private ? BN_secure_new() : NULL;
    if (is_private) {
        BN_bin2bn(d, 32, number);
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number);
    }
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    EVP_PKEY *key = NULL;
    require(EVP_PKEY_fromdata_init(context) == 1, "key");
    if (EVP_PKEY_fromdata(context, &key, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1) key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(number);
    return key;
}

static void answer_cipher(const EVP_CIPHER *cipher) {
    unsigned char key[16], iv[16], data[1 << 16], out[(1 << 16) + 32];
    require(take(key, 16) && take(iv, 16), "reading a key");
    size_t length = take_long(data);
    int first = 0, last = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    require(EVP_EncryptInit_ex(context, cipher, NULL, key, iv) == 1, "SM4");
    require(EVP_EncryptUpdate(context, out, &first, data, length) == 1, "SM4");
    require(EVP_EncryptFinal_ex(context, out + first, &last) == 1, "SM4");
    EVP_CIPHER_CTX_free(context);
    give_long(out, first + last);
}

static void answer_sm2(int what) {
    unsigned char in[1 << 16], out[1 << 16], e[32];
    EVP_PKEY *key = take_key(what == 's' || what == 'd');
    require(key != NULL, "a key that we take");
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    size_t length = sizeof out;
    if (what == 's') {
        require(take(e, 32), "reading a digest");
        require(EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_sign(context, out, &length, e, 32) == 1, "signing");
        give_long(out, length);
    } else if (what == 'v') {
        require(take(e, 32), "reading a digest");
        size_t count = take_long(in);
        require(EVP_PKEY_verify_init(context) == 1, "verifying");
        putchar(EVP_PKEY_verify(context, in, count, e, 32) == 1);
    } else if (what == 'e') {
        size_t count = take_long(in);
        require(EVP_PKEY_encrypt_init(context) == 1, "encrypting");
        require(EVP_PKEY_encrypt(context, out, &length, in, count) == 1, "encrypting");
        give_long(out, length);
    } else {
        size_t count = take_long(in);
        require(EVP_PKEY_decrypt_init(context) == 1, "decrypting");
        if (EVP_PKEY_decrypt(context, out, &length, in, count) != 1) length = 0;
        give_long(out, length);
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
}

int main(void) {
    unsigned char data[1 << 16], digest[32];
    for (int what; (what = getchar()) != EOF; fflush(stdout)) {
        if (what == 'h') {
            size_t length = take_long(data);
            require(EVP_Digest(data, length, digest, NULL, EVP_sm3(), NULL) == 1, "SM3");
            fwrite(digest, 1, 32, stdout);
        } else if (what == 'c') {
            answer_cipher(EVP_sm4_ctr());
        } else if (what == 'b') {
            answer_cipher(EVP_sm4_cbc());
        } else {
            answer_sm2(what);
        }
    }
    return 0;
}
