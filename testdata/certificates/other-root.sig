{
 "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
 "verificationMaterial": {
  "x509CertificateChain": {
   "certificates": [
    {
     "rawBytes": "MIIBjTCCATKgAwIBAgIBAjAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDApFeGFtcGxlIENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjARMQ8wDQYDVQQDDAZzaWduZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARqvsceYWuTQzNCmNQ49aQZgPjtqZgVqozVxBxMBOJ/4JR2TF6Ud1+yhxETgXMornL03+UuTdWwEvh1I1LW2koTo3UwczAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDAdBgNVHQ4EFgQUJKiHZWDlH9uAu3tB7CzcNlD4oGgwHwYDVR0jBBgwFoAUJc3A1fTKTnIO4c+6kNbS3mMOascwEwYDVR0lBAwwCgYIKwYBBQUHAwMwCgYIKoZIzj0EAwIDSQAwRgIhAKBDcdCIO+BwX8vLnHNUdYkJV6Uotnm+TpLe8i84VkRgAiEAztLb3buh2GDwxqA5M12ywhXdMvHRf0VG9YvT4xzUtzA="
    }
   ]
  },
  "tlogEntries": []
 },
 "dsseEnvelope": {
  "payload": "eyJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YxIiwgInN1YmplY3QiOiBbeyJuYW1lIjogIm1vZGVsIiwgImRpZ2VzdCI6IHsic2hhMjU2IjogIjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAifX1dLCAicHJlZGljYXRlVHlwZSI6ICJodHRwczovL21vZGVsX3NpZ25pbmcvc2lnbmF0dXJlL3YxLjAiLCAicHJlZGljYXRlIjogeyJzZXJpYWxpemF0aW9uIjogeyJtZXRob2QiOiAiZmlsZXMiLCAiaGFzaF90eXBlIjogInNoYTI1NiIsICJhbGxvd19zeW1saW5rcyI6IGZhbHNlLCAiaWdub3JlX3BhdGhzIjogWyJtb2RlbC5zaWciXX0sICJyZXNvdXJjZXMiOiBbeyJuYW1lIjogImNvbmZpZy5qc29uIiwgImFsZ29yaXRobSI6ICJzaGEyNTYiLCAiZGlnZXN0IjogIjdiNTAxN2MyYmQ3MTlkOGZlZTYxMDZmNjJkYjlmNjg2ZDc5ZjFiODZiMmVmYjE0ZmNiZDU4MWY0MWRkNjM3ZDIifV19fQ==",
  "payloadType": "application/vnd.in-toto+json",
  "signatures": [
   {
    "sig": "MEYCIQDjgolgopboH2ATkNKNOZh5sLe3ccq4rEfsewHcZ5+eUQIhAKyp67w1VsrT81ulttvfRtLhCwQKbkgTLlVLBQcgufZW",
    "keyid": ""
   }
  ]
 }
}
