{
 "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
 "verificationMaterial": {
  "x509CertificateChain": {
   "certificates": [
    {
     "rawBytes": "MIIBjDCCATKgAwIBAgIBAjAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDApFeGFtcGxlIENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjARMQ8wDQYDVQQDDAZzaWduZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARqvsceYWuTQzNCmNQ49aQZgPjtqZgVqozVxBxMBOJ/4JR2TF6Ud1+yhxETgXMornL03+UuTdWwEvh1I1LW2koTo3UwczAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDAdBgNVHQ4EFgQUJKiHZWDlH9uAu3tB7CzcNlD4oGgwHwYDVR0jBBgwFoAUJc3A1fTKTnIO4c+6kNbS3mMOascwEwYDVR0lBAwwCgYIKwYBBQUHAwEwCgYIKoZIzj0EAwIDSAAwRQIgQrnIPtNn3xU4Tpa2xE/TXtOUJW9UlKLtf5S2sR30ljoCIQDedEu088WcGS9TRs0bi7h1l+DRi80TpYOsUmOvhaAn5Q=="
    }
   ]
  },
  "tlogEntries": []
 },
 "dsseEnvelope": {
  "payload": "eyJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YxIiwgInN1YmplY3QiOiBbeyJuYW1lIjogIm1vZGVsIiwgImRpZ2VzdCI6IHsic2hhMjU2IjogImU1NWMwZGEzNTkwYmFjZjNiNTk1NzU5ZGE5NmUxNzc4YTM3NzI2ODI3NDRmMDdmNzlkNzhiODUyZWQ0YTQ4OWUifX1dLCAicHJlZGljYXRlVHlwZSI6ICJodHRwczovL21vZGVsX3NpZ25pbmcvc2lnbmF0dXJlL3YxLjAiLCAicHJlZGljYXRlIjogeyJzZXJpYWxpemF0aW9uIjogeyJtZXRob2QiOiAiZmlsZXMiLCAiaGFzaF90eXBlIjogInNoYTI1NiIsICJhbGxvd19zeW1saW5rcyI6IGZhbHNlLCAiaWdub3JlX3BhdGhzIjogWyJtb2RlbC5zaWciXX0sICJyZXNvdXJjZXMiOiBbeyJuYW1lIjogImNvbmZpZy5qc29uIiwgImFsZ29yaXRobSI6ICJzaGEyNTYiLCAiZGlnZXN0IjogIjdiNTAxN2MyYmQ3MTlkOGZlZTYxMDZmNjJkYjlmNjg2ZDc5ZjFiODZiMmVmYjE0ZmNiZDU4MWY0MWRkNjM3ZDIifV19fQ==",
  "payloadType": "application/vnd.in-toto+json",
  "signatures": [
   {
    "sig": "MEQCIADjuQBQLRUp316RNGTxPuP3bl913rL8/FIO46P+0fICAiARIwqXDMFvGX8fkPwbAVnTYAvq3fUitpQlOKvonxArHA==",
    "keyid": ""
   }
  ]
 }
}
