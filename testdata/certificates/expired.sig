{
 "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
 "verificationMaterial": {
  "x509CertificateChain": {
   "certificates": [
    {
     "rawBytes": "MIIBizCCATCgAwIBAgIBAjAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDApFeGFtcGxlIENBMB4XDTIwMDEwMTAwMDAwMFoXDTIxMDEwMTAwMDAwMFowETEPMA0GA1UEAwwGc2lnbmVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEar7HHmFrk0MzQpjUOPWkGYD47amYFaqM1cQcTATif+CUdkxelHdfsocRE4FzKK5y9N/lLk3VsBL4dSNS1tpKE6N1MHMwDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0OBBYEFCSoh2Vg5R/bgLt7Qews3DZQ+KBoMB8GA1UdIwQYMBaAFCXNwNX0yk5yDuHPupDW0t5jDmrHMBMGA1UdJQQMMAoGCCsGAQUFBwMDMAoGCCqGSM49BAMCA0kAMEYCIQC4CuvpBOPux/HQIvEiWXYsdhtZb3/xXxY2leqhhVhkSQIhAOMlyUqgavggQW1NSwsvR04Uw6daTe3hI85JSHz7/3Oc"
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
    "sig": "MEUCIQDxVuNmtMfI8SIN208dq2dpwOOQLSGEa4/8KDvF5hW8OQIgIZTDtnR6/uqh6cZ1qetrECP5qQzcSoqGVDkVUouSCww=",
    "keyid": ""
   }
  ]
 }
}
