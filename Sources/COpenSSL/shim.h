// SPDX-License-Identifier: Apache-2.0
#ifndef MUSTER_COPENSSL_SHIM_H
#define MUSTER_COPENSSL_SHIM_H

#include <crypt.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/opensslv.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "OpenSSL 3 is needed"
#endif

// Parameter arrays hold pointers to names and values, which Swift cannot keep alive across calls: they are built here.

/// A MAC context that is keyed for HMAC-SHA256, or NULL.
static inline EVP_MAC_CTX *muster_hmac_sha256_new(EVP_MAC *hmac, const unsigned char *key, size_t key_length) {
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);
    if (context != NULL && EVP_MAC_init(context, key, key_length, params) != 1) {
        EVP_MAC_CTX_free(context);
        return NULL;
    }
    return context;
}

/// HKDF-SHA256, extract and expand (RFC 5869); 1 on success.
static inline int muster_hkdf_sha256(EVP_KDF *hkdf, const void *key, size_t key_length, const void *salt, size_t salt_length,
                                     const void *info, size_t info_length, unsigned char *out, size_t out_length) {
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_length),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_length),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_length),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(hkdf);
    if (context == NULL) {
        return 0;
    }
    int result = EVP_KDF_derive(context, out, out_length, params);
    EVP_KDF_CTX_free(context);
    return result == 1;
}

/// The size of libcrypt's scratch space, whose members are too large to be imported.
static inline size_t muster_crypt_data_size(void) {
    return sizeof(struct crypt_data);
}

#endif
